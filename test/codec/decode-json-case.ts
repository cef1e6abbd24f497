// Reading ProtoJSON as rows of a table: what is accepted, as protobuf-es prints the result, and what is refused, with the
// text that says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { Code } from "../../src/rpc/code.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";
import { anyRegistry } from "./arbitrary-message.ts";
import { messageDesc, testCodec, utf8 } from "./schema.ts";

export const strict = testCodec();
export const lenient = testCodec({ unknownFields: "ignore" });

export function decode(type: string, json: string | Uint8Array, codec = strict): unknown {
  const desc = messageDesc(type);
  const bytes = typeof json === "string" ? utf8(json) : json;
  const message = fromBinary(desc, codec.message(desc).decodeJson(bytes));
  return toJson(desc, message, { registry: anyRegistry });
}

/** The text of the error, without the code in front. */
export function refusal(type: string, json: string | Uint8Array, codec = strict): string {
  try {
    decode(type, json, codec);
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    assert.equal(error.code, Code.INVALID_ARGUMENT);
    return error.rawMessage;
  }
  assert.fail("accepted");
}

export type Accepted = readonly [reason: string, type: string, json: string, expected: unknown];

export function testAccepted(rows: readonly Accepted[]): void {
  for (const [reason, type, json, expected] of rows) {
    test(`accepted: ${reason}`, () => {
      assert.deepEqual(decode(type, json), expected);
      // Nothing that strict reading accepts is lost by ignoring what is unknown.
      assert.deepEqual(decode(type, json, lenient), expected);
    });
  }
}

export type Refused = readonly [reason: string, type: string, json: string | Uint8Array, text: string];

export function testRefused(rows: readonly Refused[]): void {
  for (const [reason, type, json, text] of rows) {
    test(`refused: ${reason}`, () => {
      const message = refusal(type, json);
      assert.ok(message.includes(text), message);
      assert.ok(message.length < 500, message);
    });
  }
}
