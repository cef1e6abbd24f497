// Copies of short binary that share memory: an ArrayBuffer of its own costs more than most messages.
// Source: Buffer.allocUnsafe of Node, which does the same.

/** An ArrayBuffer of its own costs more than most messages; up to this size copies share one. */
const sharedBytes = 1024;
const slabBytes = 8192;
let slab = new ArrayBuffer(slabBytes);
let slabUsed = 0;

/**
 * A copy of `source[0..length)`. Short copies are views on a shared slab of 8 KiB, as Node's Buffers are: whoever keeps
 * one for long keeps the slab, and should copy it; nobody may transfer its `buffer`.
 */
export function copyBytes(source: Uint8Array, length: number): Uint8Array {
  if (length > sharedBytes) return source.slice(0, length);
  if (slabUsed + length > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    slabUsed = 0;
  }
  const copy = new Uint8Array(slab, slabUsed, length);
  copy.set(source.subarray(0, length));
  // Views start at multiples of eight, which copying likes.
  slabUsed += (length + 7) & ~7;
  return copy;
}
