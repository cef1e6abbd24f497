// Mappings of the config file that come to what an option of a .proto says, and are judged as that is.
import { z } from "zod";
import { parseDuration } from "./duration-text.ts";
import { text } from "./shape-values.ts";

export const time = text(
  (value) => parseDuration(value),
  "expected a duration such as `500ms`, `30s` or `1m`",
);
export const whole = z.int({ error: "expected a whole number" });

/** Takes back what an option says. */
export const off = z.literal("off");

export function mappingOrOff<T extends z.ZodType>(mapping: T, keys: string) {
  return z.union([off, mapping], { error: `expected a mapping with ${keys}, or \`off\`` });
}

/** Tells what the compiler of a policy tells, at the key that it names: `queue_timeout: expected …`. */
export function judged<V>(compile: (value: V) => unknown) {
  return (value: V, context: z.core.$RefinementCtx<V>): void => {
    const reason = compile(value);
    if (typeof reason !== "string") return;
    const [, field, rest] = /^([a-z_]+): (.*)$/s.exec(reason) ?? [];
    const path = field === undefined ? [] : [field.replace(/_(.)/g, (_, letter) => letter.toUpperCase())];
    context.addIssue({ code: "custom", path, message: rest ?? reason, input: value });
  };
}
