import assert from "node:assert/strict";
import { test } from "node:test";
import { formatConnectFailure, parseConnectFailure } from "../../src/upstream/connect-failure.ts";

const wrap = (said: string) => `No connection established. Last error: ${said}. Resolution note: `;
const rows: readonly [details: string, text: string | undefined, reason: string][] = [
  [
    wrap("Error: connect ECONNREFUSED 127.0.0.1:50051"),
    "connection refused (127.0.0.1:50051)",
    "nobody listens",
  ],
  [
    wrap("Error: connect ECONNREFUSED ::1:50051"),
    "connection refused (::1:50051)",
    "at the address that was tried",
  ],
  [wrap("Error: connect ETIMEDOUT 10.0.0.1:1"), "connection timed out (10.0.0.1:1)", "packets are dropped"],
  [wrap("Error: connect EHOSTUNREACH 10.0.0.1:1"), "no route to host (10.0.0.1:1)", "no such network"],
  [wrap("Error: read ECONNRESET"), "connection reset (target:1)", "no address in the text"],
  [
    wrap("Protocol error (2026-11-24T15:08:12.123Z)"),
    "not an HTTP/2 server (target:1)",
    "the time is cut off",
  ],
  [
    wrap("Failed to connect (2026-11-24T15:08:12.123Z)"),
    "connection closed before it was ready (target:1)",
    "hung up",
  ],
  [wrap("Error: self-signed certificate"), "self-signed certificate (target:1)", "other texts stay"],
  [
    wrap("Error: certificate has expired. Renew it"),
    "certificate has expired. Renew it (target:1)",
    "dots inside",
  ],
  ["Name resolution failed for target dns:///target:1", "host name not found (target:1)", "no such name"],
  ["Connection dropped", undefined, "about a call, not about connecting"],
  ["no books left", undefined, "the backend's own words"],
  ["", undefined, "nothing"],
];
for (const [details, text, reason] of rows) {
  test(`${JSON.stringify(details.slice(0, 70))} reads as ${text ?? "something else"}: ${reason}`, () => {
    const failure = parseConnectFailure(details, "target:1");
    assert.equal(failure && formatConnectFailure(failure), text);
  });
}
