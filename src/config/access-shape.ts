// Keys of the config file about who calls and where shared limits are counted: tokens, API keys, trusted proxies, Redis.
import { z } from "zod";
import { keyUrl, readTokenRules } from "../auth/token-options.ts";
import { type AddressRange, parseAddressRange } from "../pipeline/limit-key/address-range.ts";
import type { Logger } from "../rpc/logger.ts";
import { parseRedisUrl } from "../store/redis-url.ts";
import { notParsed, type Parsed, parsed } from "./parsed.ts";
import { key } from "./shape-key.ts";
import { duration, filePath, oneOrMore, text } from "./shape-values.ts";

/** The text as it is; no message shows it, because it may have a password. */
export function parseRedis(value: string): Parsed<string> {
  try {
    parseRedisUrl(value);
    return parsed(value);
  } catch (error) {
    return notParsed(error instanceof TypeError ? error.message : "expected a URL such as redis://host:6379");
  }
}

function parseProxy(value: string): Parsed<AddressRange> {
  const range = parseAddressRange(value);
  if (typeof range !== "string") return parsed(range);
  return notParsed(`expected an address or a range such as \`10.0.0.0/8\`: ${range}`);
}

const nonEmpty = z.string().min(1, "expected text that is not empty");
const texts = oneOrMore("text", nonEmpty);

/** Judging has nothing to say to a log. */
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const jwtShape = z
  .strictObject({
    issuer: texts.meta({ form: "text or list", description: "`iss` of the tokens, one of these." }),
    audience: texts.meta({ form: "text or list", description: "`aud` has to name one of these." }),
    jwks: filePath.meta({
      form: "path or URL",
      description: "JSON Web Key Set: a file, or `https:` (`http:` on this machine only).",
    }),
    algorithms: key(texts, {
      form: "text or list",
      description:
        "What tokens may be signed with. Not given: RSA, ECDSA and EdDSA; `HS256` and its like only with a file.",
    }),
    clockTolerance: key(duration(0), {
      form: "duration",
      byDefault: "1m",
      description: "By how much the issuer's clock may differ.",
    }),
  })
  .superRefine((jwt, context) => {
    try {
      const { issuer, audience, jwks, algorithms } = jwt;
      const options = { issuer, audience, jwks, logger: silent, ...(algorithms && { algorithms }) };
      keyUrl(options);
      readTokenRules(options);
    } catch (error) {
      const [, option, reason] = /^(\w+): (.*)$/s.exec(error instanceof Error ? error.message : "") ?? [];
      const path = option === undefined ? [] : [option];
      context.addIssue({ code: "custom", path, message: reason ?? "cannot work", input: jwt });
    }
  });

export const accessKeys = {
  auth: key(
    z.strictObject({
      jwt: key(jwtShape, { form: "mapping", description: "Tokens in `authorization: Bearer …`." }),
      apiKeys: key(filePath, {
        form: "path",
        description: "File of API keys, a line each: `name:SHA-256 of the key:scope scope`.",
      }),
      default: key(z.enum(["public", "required"]), {
        form: "public or required",
        byDefault: "public",
        description: "Who may call methods that do not say it.",
      }),
    }),
    { form: "mapping", description: "How the gateway knows who calls." },
  ),
  trustedProxies: key(oneOrMore("an address or a range", text(parseProxy)), {
    form: "range or list",
    description:
      "Proxies in front, `10.0.0.0/8`: only through these the client's address is read from `x-forwarded-for`, for limits by `ip`. None where it is not given.",
  }),
  store: key(
    z.strictObject({
      redis: key(oneOrMore("a URL such as `redis://host:6379`", text(parseRedis)), {
        form: "URL or list",
        description:
          "Redis that shared limits are counted in, `redis:` or `rediss:`; several = nodes of a cluster.",
      }),
      timeout: key(duration(1), {
        form: "duration",
        byDefault: "50ms",
        description: "How long a call waits for it at most.",
      }),
    }),
    {
      form: "mapping",
      description: "Where gateways count together. Without it limits of scope `shared` are counted by each.",
    },
  ),
};
