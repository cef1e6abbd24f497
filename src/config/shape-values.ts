// How values of the config file are written, as zod schemas around our own parsers: texts, one or a list, durations,
// headers. Messages begin with "expected".
import { z } from "zod";
import { parseDuration } from "./duration-text.ts";
import { type ListenAddress, parseListen } from "./listen-text.ts";
import { type Parsed, quoted } from "./parsed.ts";

/** A text that one of our parsers reads; `expected` is the message where it is no text at all. */
export function text<T>(parse: (text: string) => Parsed<T>, expected?: string) {
  return z.string(expected === undefined ? undefined : { error: expected }).transform((value, context) => {
    const outcome = parse(value);
    if (outcome.ok) return outcome.value;
    context.addIssue({ code: "custom", message: outcome.message });
    return z.NEVER;
  });
}

/** A text for which a bare YAML number is taken as well: `listen: 8080`, `maxRequestBytes: 4194304`. */
export function textOrNumber<T>(form: string, parse: (text: string) => Parsed<T>) {
  return z
    .union([z.string(), z.number()], { error: `expected ${form}` })
    .transform((value) => `${value}`)
    .pipe(text(parse));
}

/** One, or a list of them. */
export function oneOrMore<T extends z.ZodType>(form: string, item: T) {
  return z
    .union([item, z.array(item).min(1, "expected at least one entry")], {
      error: `expected ${form}, or a list of them`,
    })
    .transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value]) as z.output<T>[]);
}

export function duration(leastMs: number) {
  return text((value) => {
    const outcome = parseDuration(value);
    if (!outcome.ok || outcome.value >= leastMs) return outcome;
    return { ok: false, message: `expected a duration of at least ${leastMs}ms, got ${quoted(value)}` };
  }, "expected a duration such as `500ms`, `30s` or `1m`");
}

export const filePath = z.string().min(1, "expected the path of a file");

export function parseAdmin(value: string): Parsed<"off" | ListenAddress> {
  return value === "off" ? { ok: true, value: "off" } : parseListen(value);
}

export function parseUpstreamName(value: string): Parsed<string> {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(value)) return { ok: true, value };
  return {
    ok: false,
    message: `expected a name of at most 64 letters, digits, \`.\`, \`_\` and \`-\`, got ${quoted(value)}`,
  };
}

export function parseSelector(value: string): Parsed<string> {
  if (/^(?:[a-z_][a-z0-9_]*\.)*(?:[a-z_][a-z0-9_]*|\*)$/i.test(value)) return { ok: true, value };
  return {
    ok: false,
    message: `expected a service such as \`acme.v1.Billing\` or all of a package as \`acme.v1.*\`, got ${quoted(value)}`,
  };
}

/** A mapping of header names to one value or several, as pairs. Values may be secrets: no message shows one. */
export const header = z
  .record(
    z.string(),
    z.union([z.string(), z.array(z.string())], { error: "expected text, or a list of texts" }),
  )
  .transform((entries, context) => {
    const pairs: [string, string][] = [];
    for (const [key, value] of Object.entries(entries)) {
      const refuse = (message: string): void => context.addIssue({ code: "custom", path: [key], message });
      const name = key.toLowerCase();
      if (!/^[a-z0-9_.-]{1,200}$/.test(name) || name.startsWith("grpc-")) {
        refuse(
          `expected the name of a header (letters, digits, \`_\`, \`.\`, \`-\`; not \`grpc-…\`), got ${quoted(key)}`,
        );
      }
      for (const text of Array.isArray(value) ? value : [value]) {
        if (!/^[\x20-\x7e]*$/.test(text)) refuse("expected printable ASCII text");
        pairs.push([name, text]);
      }
    }
    return pairs;
  });
