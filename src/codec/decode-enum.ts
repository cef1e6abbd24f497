// Decoders of JSON enums: by name or by number. Open enums keep a number that nobody knows, closed ones refuse it.
// Source: ProtoJSON, "enum" and "NullValue"; unknown names under "ignore unknown fields" count as absent.
import type { DescEnum } from "@bufbuild/protobuf";
import type { JsonOptions } from "./codec.ts";
import { type DecodeValue, IGNORED, readsNull, WRITTEN, WRITTEN_DEFAULT } from "./decode-state.ts";
import { didYouMean } from "./did-you-mean.ts";
import { NameTable } from "./name-table.ts";
import { readInt32 } from "./read-number.ts";

/** Whether JSON null is a value of the enum: google.protobuf.NullValue. */
export function isNullValue(desc: DescEnum): boolean {
  return desc.typeName === "google.protobuf.NullValue";
}

/** Compiles the decoder of an enum. */
export function compileEnumDecoder(desc: DescEnum, options: JsonOptions): DecodeValue {
  const names = new Map<string, number>();
  for (const value of desc.values) names.set(value.jsonName, value.number);
  // Declared names are set last: they win over a custom JSON name that repeats one of them.
  for (const value of desc.values) names.set(value.name, value.number);
  const table = new NameTable(names);
  const known = desc.open ? undefined : new Set(desc.values.map((value) => value.number));
  const expected = desc.typeName;
  const ignoreUnknown = options.unknownFields === "ignore";
  const nullable = isNullValue(desc);

  return (state) => {
    const { scanner, writer } = state;
    const start = scanner.pos;
    let number: number | undefined;
    if (scanner.bytes[start] === 0x22) {
      scanner.string();
      number = table.get(scanner.text, scanner.textStart, scanner.textEnd);
      if (number === undefined) {
        if (ignoreUnknown) return IGNORED;
        throw scanner.fail(start, expected, didYouMean(scanner.textString(), names.keys()));
      }
    } else if (nullable && readsNull(state)) {
      number = 0;
    } else {
      number = readInt32(state, expected);
      if (known !== undefined && !known.has(number)) throw scanner.fail(start, expected);
    }
    writer.int32(number);
    return number === 0 ? WRITTEN_DEFAULT : WRITTEN;
  };
}
