import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { parseAlternativeNames, readPrincipal } from "../../src/server/connection-principal.ts";
import { clientCert } from "./certificates.ts";
import { secondClientCert } from "./second-certificates.ts";

test("a certificate's subject keeps its order, and what is special in it is escaped", () => {
  const { subject, alternativeNames, fingerprint } = readPrincipal(new X509Certificate(secondClientCert));
  assert.equal(subject, "C=DE,O=Acme\\, Inc,CN=billing");
  assert.deepEqual(alternativeNames, [
    "DNS:billing.acme.internal",
    "URI:spiffe://acme/billing",
    "URI:http://a/b,c",
  ]);
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
});

test("a certificate of names and addresses", () => {
  const { subject, alternativeNames } = readPrincipal(new X509Certificate(clientCert));
  assert.equal(subject, "CN=test client");
  assert.deepEqual(alternativeNames, ["DNS:localhost", "IP Address:127.0.0.1"]);
});

const rows: readonly (readonly [reason: string, text: string, names: readonly string[]])[] = [
  ["no names", "", []],
  ["a name that pretends to be two", 'DNS:"a, DNS:b"', ["DNS:a, DNS:b"]],
  ["a quoted name before a plain one", 'DNS:"a\\"b", DNS:c', ['DNS:a"b', "DNS:c"]],
  ["a kind of two words", "IP Address:::1, DNS:x", ["IP Address:::1", "DNS:x"]],
  ["an empty value", "email:, DNS:x", ["email:", "DNS:x"]],
  ["what is quoted wrongly ends the list", 'DNS:a, DNS:"b', ["DNS:a"]],
];
for (const [reason, text, names] of rows) {
  test(`alternative names: ${reason}`, () => assert.deepEqual(parseAlternativeNames(text), names));
}

test("no text makes reading the names throw", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseAlternativeNames(text)));
});
