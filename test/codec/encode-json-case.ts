// Printing ProtoJSON from binary that is written by hand: no serializer would write it so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { JsonOptions } from "../../src/codec/codec.ts";
import { messageDesc, testCodec } from "./schema.ts";

export type Write = (writer: BinaryWriter) => void;

export function encode(type: string, write: Write, options: Partial<JsonOptions> = {}): string {
  return testCodec(options).message(messageDesc(type)).encodeJson(binary(write));
}

export function binary(write: Write): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

export const int = (w: BinaryWriter, number: number, value: number): BinaryWriter =>
  w.tag(number, WireType.Varint).int32(value);
export const text = (w: BinaryWriter, number: number, value: string): BinaryWriter =>
  w.tag(number, WireType.LengthDelimited).string(value);
export const message = (w: BinaryWriter, number: number, write: Write): BinaryWriter =>
  w.tag(number, WireType.LengthDelimited).bytes(binary(write));
export const packed = (w: BinaryWriter, number: number, values: readonly number[]): BinaryWriter =>
  message(w, number, (inner) => {
    for (const value of values) inner.int32(value);
  });

export type Printed = readonly [reason: string, type: string, write: Write, expected: string];

export function testPrinted(rows: readonly Printed[]): void {
  for (const [reason, type, write, expected] of rows) {
    test(`printed: ${reason}`, () => assert.equal(encode(type, write), expected));
  }
}
