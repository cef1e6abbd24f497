// How much one source may bring. Descriptors come from backends, so a backend must not be able to fill our memory:
// what is beyond a limit costs that file, never the process.

/** Limits of one source; each source has the whole of them, so that none can starve another. */
export interface SchemaLimits {
  /** Files. All of googleapis is about 8,000. */
  readonly files: number;
  /** Bytes of all files together. */
  readonly bytes: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /**
   * Descriptor objects (messages, fields, enum values, methods, options, source locations) of all files together. Tiny
   * on the wire (two bytes are enough for one), each is up to 1 kB of memory.
   */
  readonly objects: number;
  /** Descriptor objects of one file; the largest files in use have some 10,000. */
  readonly fileObjects: number;
}

export const defaultSchemaLimits: SchemaLimits = {
  files: 10_000,
  bytes: 64 * 1024 * 1024,
  fileBytes: 16 * 1024 * 1024,
  objects: 1_000_000,
  fileObjects: 250_000,
};
