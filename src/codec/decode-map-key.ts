// Decoders of the keys of JSON objects that stand for maps: always strings in JSON, of the key's type on the wire.
// Source: ProtoJSON, "map<K,V>": all keys are converted to strings.
import { ScalarType } from "@bufbuild/protobuf";
import { scalarDecoder, writeText } from "./decode-scalar.ts";
import type { DecodeState } from "./decode-state.ts";

/** Writes the key that the scanner has just passed, without a tag; `start` is where it began. */
export type DecodeKey = (state: DecodeState, start: number) => void;

/** The decoder of keys of a type. */
export function mapKeyDecoder(type: ScalarType): DecodeKey {
  if (type === ScalarType.STRING) return writeText;
  if (type === ScalarType.BOOL) return decodeBoolKey;
  const integer = scalarDecoder(type);
  return (state, start) => {
    const scanner = state.scanner;
    // Quoted integers are values of integer types: the key is read again as one.
    scanner.pos = start;
    integer(state);
  };
}

function decodeBoolKey(state: DecodeState, start: number): void {
  const { scanner, writer } = state;
  const word = scanner.textEnd - scanner.textStart > 5 ? "" : scanner.textString();
  if (word !== "true" && word !== "false") throw scanner.fail(start, '"true" or "false"');
  writer.bool(word === "true");
}
