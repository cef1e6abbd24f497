// How a key of the config file is declared: its schema beside what people are told of it.
import type { z } from "zod";

export interface KeyMeta {
  readonly description: string;
  /** How the value is written, for people. */
  readonly form: string;
  /** What holds without it. Not called `default`, because zod drops that from keys that transform. */
  readonly byDefault?: string | boolean | number;
  /** Another key whose keys are described there; help does not say them twice. */
  readonly keysOf?: string;
}

/** A key that may be left out. */
export function key<T extends z.ZodType>(schema: T, meta: KeyMeta) {
  return schema.optional().meta({ ...meta });
}
