// The slot of a key in a Redis Cluster: CRC16 of its hash tag. Source: Redis Cluster specification, "Key distribution
// model" and appendix A (CRC16 XMODEM, polynomial 1021).

const slotCount = 16_384;
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

export function hashSlot(storeKey: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tagOf(storeKey))) {
    crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] ?? 0);
  }
  return crc % slotCount;
}

/** What is between the first `{` and the `}` after it, where there is anything; else all of the key. */
function tagOf(key: string): string {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}
