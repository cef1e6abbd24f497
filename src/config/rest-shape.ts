// What the config file may say of how methods speak REST, for all of them (`rest`) and by selector (`methods`). The keys
// are those of RestPolicy in protos/protogate/v1/options.proto, in camelCase.
import { z } from "zod";
import { checkBindingName, checkSuccessStatus } from "../gateway/check-rest-setting.ts";
import { isSelector } from "../schema/selector.ts";
import type { FieldBinding } from "../transcode/rest-policy.ts";
import { methodFlowKeys } from "./flow-shape.ts";
import { type Parsed, quoted } from "./parsed.ts";
import { key } from "./shape-key.ts";
import { text } from "./shape-values.ts";

/** `header: { x-user-id: user_id }`: a name, and the field or fields that it fills. */
function bindings(nameForm: (name: string) => string) {
  const fields = z.union([z.string(), z.array(z.string())], {
    error: "expected the path of a field such as `user_id`, or a list of them",
  });
  return z.record(z.string(), fields).transform((entries, context) => {
    const pairs: FieldBinding[] = [];
    for (const [name, paths] of Object.entries(entries)) {
      const reason = checkBindingName(name);
      if (reason !== undefined) context.addIssue({ code: "custom", path: [name], message: reason });
      for (const field of Array.isArray(paths) ? paths : [paths]) {
        if (!/^[a-z_]\w*(?:\.[a-z_]\w*)*$/i.test(field)) {
          const message = `expected the path of a field such as \`user_id\`, got ${quoted(field)}`;
          context.addIssue({ code: "custom", path: [name], message });
        }
        pairs.push({ name: nameForm(name), field });
      }
    }
    return pairs;
  });
}

const successStatus = z
  .number({ error: "expected a status from 200 to 299" })
  .superRefine((status, context) => {
    const message = checkSuccessStatus(status);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

/** The keys of a RestPolicy. */
const restKeys = {
  unknownFields: key(z.enum(["refuse", "ignore"]), {
    form: "refuse or ignore",
    byDefault: "refuse",
    description: "JSON keys and query parameters that the schema does not have. 400, or passed over.",
  }),
  emitDefaults: key(z.boolean(), {
    form: "true or false",
    byDefault: false,
    description: "Print fields that are not set.",
  }),
  enumNumbers: key(z.boolean(), {
    form: "true or false",
    byDefault: false,
    description: "Print enums as numbers.",
  }),
  protoNames: key(z.boolean(), {
    form: "true or false",
    byDefault: false,
    description: "Print names as the .proto has them, `page_count` instead of `pageCount`.",
  }),
  int64Numbers: key(z.boolean(), {
    form: "true or false",
    byDefault: false,
    description: "Print 64-bit integers up to 2^53 as numbers; larger ones stay strings.",
  }),
  updateMask: key(z.enum(["keep", "infer"]), {
    form: "keep or infer",
    byDefault: "keep",
    description: "An empty update mask of a PATCH: kept empty, or filled with the fields of the body.",
  }),
  successStatus: key(successStatus, {
    form: "200 to 299",
    byDefault: 200,
    description: "Status of a good reply that is no stream. 204 sends no body.",
  }),
  location: key(z.string(), {
    form: "field path",
    description: "Field of the reply that becomes `Location`: `name`. Empty takes back what an option says.",
  }),
  streamFormat: key(z.enum(["array", "ndjson", "sse"]), {
    form: "array, ndjson or sse",
    byDefault: "array",
    description: "Layout of a stream of replies where `Accept` prefers none.",
  }),
  streamEnvelope: key(z.boolean(), {
    form: "true or false",
    byDefault: false,
    description: 'Wrap each message of a stream in {"result":…}, and an error at its end in {"error":…}.',
  }),
  header: key(
    bindings((name) => name.toLowerCase()),
    {
      form: "mapping",
      description:
        "Request fields that a request header fills: `x-user-id: user_id`. `{}` takes back what an option says.",
    },
  ),
  cookie: key(
    bindings((name) => name),
    { form: "mapping", description: "The same from cookies: `session: session_id`." },
  ),
};

export const restShape = z.strictObject({
  unescape: key(z.enum(["except-slash", "all-except-reserved", "all"]), {
    form: "except-slash, all-except-reserved or all",
    byDefault: "except-slash",
    description:
      "What a path variable of several segments decodes: everything but %2F, everything but reserved characters (Envoy's default), or everything. A service config with `fully_decode_reserved_expansion` says `all`.",
  }),
  ...restKeys,
});

function parseMethodSelector(value: string): Parsed<string> {
  if (isSelector(value)) return { ok: true, value };
  return {
    ok: false,
    message: `expected a method such as \`acme.v1.Billing.Pay\`, all below a name as \`acme.v1.*\`, or \`*\`, got ${quoted(value)}`,
  };
}

export const methodShape = z.strictObject({
  selector: text(parseMethodSelector).meta({
    form: "selector",
    description: "`acme.v1.Billing.Pay`, or all below a name: `acme.v1.Billing.*`, `acme.*`, `*`.",
  }),
  rest: key(z.strictObject(restKeys), {
    form: "mapping",
    description: "The keys of `rest` at the top, without `unescape`, for these methods.",
    keysOf: "rest",
  }),
  ...methodFlowKeys,
});
