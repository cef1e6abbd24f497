import assert from "node:assert/strict";
import { test } from "node:test";
import { endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import fc from "fast-check";
import { encodeEndStream } from "../../../src/protocol/connect/end-stream.ts";
import { canonicalCode, connectCode, formatError } from "../../../src/protocol/connect/error-json.ts";
import { Code } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { type ErrorDetail, RpcError } from "../../../src/rpc/rpc-error.ts";

const noDebug = (): undefined => undefined;

function textOf(trailer: Header, error?: RpcError): string {
  return Buffer.from(encodeEndStream(trailer, error, noDebug))
    .subarray(5)
    .toString();
}

const codes: readonly [code: number, text: string][] = [
  [Code.CANCELLED, "canceled"],
  [Code.UNKNOWN, "unknown"],
  [Code.INVALID_ARGUMENT, "invalid_argument"],
  [Code.DEADLINE_EXCEEDED, "deadline_exceeded"],
  [Code.NOT_FOUND, "not_found"],
  [Code.ALREADY_EXISTS, "already_exists"],
  [Code.PERMISSION_DENIED, "permission_denied"],
  [Code.RESOURCE_EXHAUSTED, "resource_exhausted"],
  [Code.FAILED_PRECONDITION, "failed_precondition"],
  [Code.ABORTED, "aborted"],
  [Code.OUT_OF_RANGE, "out_of_range"],
  [Code.UNIMPLEMENTED, "unimplemented"],
  [Code.INTERNAL, "internal"],
  [Code.UNAVAILABLE, "unavailable"],
  [Code.DATA_LOSS, "data_loss"],
  [Code.UNAUTHENTICATED, "unauthenticated"],
  [Code.OK, "unknown"],
  [17, "unknown"],
  [-1, "unknown"],
  [2 ** 31 - 1, "unknown"],
];
for (const [code, text] of codes) {
  test(`code ${code} is ${text}`, () => assert.equal(connectCode(code), text));
}

test("an error has only the members that say something", () => {
  assert.equal(formatError(new RpcError(Code.ABORTED, ""), noDebug), '{"code":"aborted"}');
  assert.equal(
    formatError(new RpcError(Code.ABORTED, 'a "b"'), noDebug),
    '{"code":"aborted","message":"a \\"b\\""}',
  );
});

test("a detail is its type's bare name, its bytes in unpadded base64, and JSON where the type is known", () => {
  const details = [
    { typeUrl: "type.googleapis.com/a.B", value: Uint8Array.of(255) },
    { typeUrl: "a.C", value: Uint8Array.of() },
  ];
  const format = ({ typeUrl }: ErrorDetail): string | undefined =>
    typeUrl.endsWith("B") ? '{"x":1}' : undefined;
  assert.equal(
    formatError(new RpcError(Code.ABORTED, "", { details }), format),
    '{"code":"aborted","details":[{"type":"a.B","value":"/w","debug":{"x":1}},{"type":"a.C","value":""}]}',
  );
});

test("a stream that ends well without a trailer ends with an empty object, flagged as the end", () => {
  const bytes = encodeEndStream(new Header(), undefined, noDebug);
  assert.deepEqual([...bytes.subarray(0, 5)], [2, 0, 0, 0, 2]);
  assert.equal(textOf(new Header()), "{}");
});

test("the trailer is lists by name, names of the transport's left out, odd names kept", () => {
  const trailer = Header.of([
    ["x-a", "1"],
    ["grpc-status", "0"],
    ["__proto__", "p"],
    ["x-a", "2"],
    ["connect-x", "no"],
    ["content-type", "no"],
    ["x-b-bin", "AAE"],
  ]);
  assert.equal(textOf(trailer), '{"metadata":{"x-a":["1","2"],"__proto__":["p"],"x-b-bin":["AAE"]}}');
});

test("the real client reads back every error and trailer", () => {
  const detail = fc.record({
    typeUrl: fc
      .stringMatching(/^[a-z]{1,9}(\.[A-Z][a-z]{0,5}){0,2}$/)
      .map((name) => `type.googleapis.com/${name}`),
    value: fc.uint8Array(),
  });
  const entry = fc.tuple(fc.stringMatching(/^x-[a-z0-9]{1,5}$/), fc.stringMatching(/^[!-~]{1,9}$/));
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.string({ unit: "grapheme" }),
      fc.array(detail),
      fc.array(entry),
      (code, message, details, entries) => {
        const trailer = Header.of(entries);
        const text = textOf(trailer, new RpcError(code, message, { details }));
        const { error, metadata } = endStreamFromJson(Buffer.from(text));
        assert.equal(error?.code, canonicalCode(code));
        assert.equal(error?.rawMessage, message);
        assert.deepEqual(
          (error?.details ?? []).map((got) => {
            const { type, value } = got as { type: string; value: Uint8Array };
            return [type, [...value]];
          }),
          details.map(({ typeUrl, value }) => [typeUrl.slice("type.googleapis.com/".length), [...value]]),
        );
        for (const [name] of entries) assert.equal(metadata.get(name), trailer.getAll(name).join(", "));
      },
    ),
  );
});
