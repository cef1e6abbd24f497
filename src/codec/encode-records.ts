// Encoders of a message's records, one after another as they stand in the binary. A message as serializers write it is
// printed in one pass; any other is put in order first, see order-records.ts.
// Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins and #oneofs
import { type EncodeState, notInOrder } from "./encode-state.ts";
import { accepts, type FieldEncoder, type FieldTable } from "./field-encoder.ts";
import { orderRecords } from "./order-records.ts";
import { exclusiveBits, type WordBits } from "./seen-bits.ts";

/** A field in the table of its message. */
interface Slot {
  readonly field: FieldEncoder;
  /** Its bit among those of the message's fields that were seen. */
  readonly word: number;
  readonly bit: number;
  /** The fields of its oneof; none where it is in no oneof. */
  readonly exclusive: readonly WordBits[];
}

/** Numbers below this are looked up in an array. */
const denseNumbers = 512;

/** Compiles the encoder of the records of a message, up to the reader's end, without braces around them. */
export function compileRecords(fields: readonly FieldEncoder[]): (state: EncodeState) => void {
  const exclusive = exclusiveBits(fields.map((field) => field.oneof));
  const slots = fields.map(
    (field, index): Slot => ({
      field,
      word: index >> 5,
      bit: 1 << (index & 31),
      exclusive: field.oneof === undefined ? [] : (exclusive[index] ?? []),
    }),
  );
  const dense: (Slot | undefined)[] = [];
  const sparse = new Map<number, Slot>();
  for (const slot of slots) {
    if (slot.field.number < denseNumbers) dense[slot.field.number] = slot;
    sparse.set(slot.field.number, slot);
  }
  // No holes: reading one would go on to the prototype.
  for (let i = 0; i < dense.length; i++) dense[i] ??= undefined;
  const find = (number: number): Slot | undefined =>
    number < dense.length ? dense[number] : sparse.get(number);
  const table: FieldTable = { get: (number) => find(number)?.field };
  const words = Math.ceil(slots.length / 32);
  const printedUnset = slots.filter(({ field }) => field.unset !== undefined);

  function run(state: EncodeState): void {
    const { reader, seen } = state;
    const base = seen.open(words);
    while (reader.pos < reader.end) {
      const tag = reader.tag();
      const number = tag >>> 3;
      const slot = number < dense.length ? dense[number] : sparse.get(number);
      if (slot === undefined || !accepts(slot.field, tag)) {
        reader.skip(tag);
        continue;
      }
      const at = base + slot.word;
      const seenInWord = seen.words[at] as number;
      if ((seenInWord & slot.bit) !== 0) throw notInOrder;
      for (let i = 0; i < slot.exclusive.length; i++) {
        const { word, bits } = slot.exclusive[i] as WordBits;
        if (((seen.words[base + word] as number) & bits) !== 0) throw notInOrder;
      }
      seen.words[at] = seenInWord | slot.bit;
      slot.field.encode(state, tag);
    }
    for (let i = 0; i < printedUnset.length; i++) {
      const { field, word, bit } = printedUnset[i] as Slot;
      if (((seen.words[base + word] as number) & bit) === 0) state.writer.name(field.unset as Uint8Array);
    }
    seen.close(base);
  }

  return (state) => {
    if (!state.careful) return run(state);
    const ordered = orderRecords(state.reader, table);
    if (ordered === undefined) return run(state);
    state.on(ordered, run);
    state.reader.pos = state.reader.end;
  };
}
