// Envelopes by hand, so that what is tested does not judge itself.
export interface Envelope {
  readonly flags: number;
  readonly bytes: Buffer;
}

/** @param flags of the envelope; 0 = a plain message */
export function envelope(message: Uint8Array | string, flags = 0): Buffer {
  const bytes = Buffer.from(message as Uint8Array);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

export function splitEnvelopes(body: Buffer): Envelope[] {
  const envelopes: Envelope[] = [];
  let rest = body;
  while (rest.length > 0) {
    const length = rest.readUInt32BE(1);
    envelopes.push({ flags: rest[0] ?? 0, bytes: rest.subarray(5, 5 + length) });
    rest = rest.subarray(5 + length);
  }
  return envelopes;
}
