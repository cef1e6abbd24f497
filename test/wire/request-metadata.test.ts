import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "../../src/rpc/principal.ts";
import { metadataRules } from "../../src/wire/metadata-rules.ts";
import { requestMetadata } from "../../src/wire/request-metadata.ts";
import { requestOf } from "../protocol/rest/pieces.ts";

const principal: Principal = {
  subject: 'CN=billing,O="Acme, Inc"',
  alternativeNames: ["DNS:billing.acme.internal", "URI:spiffe://acme/billing", "email:a@b.example"],
  fingerprint: "0123abcd",
};
const certificateName = "x-forwarded-client-cert";

test("a backend sees who the client is: address, host, scheme, and its own header", () => {
  const request = requestOf("POST", "/", {
    header: [
      ["host", "api.example"],
      ["x-a", "1"],
      ["content-type", "application/grpc"],
      ["x-forwarded-for", "192.0.2.1"],
    ],
    scheme: "https",
    remoteAddress: "::ffff:192.0.2.9",
  });
  assert.deepEqual(Object.fromEntries(requestMetadata(request)), {
    "x-a": "1",
    "x-forwarded-for": "192.0.2.1, 192.0.2.9",
    "x-forwarded-host": "api.example",
    "x-forwarded-proto": "https",
  });
});

test("a client with a certificate is named by it", () => {
  const metadata = requestMetadata({ ...requestOf("POST", "/"), principal });
  assert.deepEqual(metadata.getAll(certificateName), [
    'Hash=0123abcd;Subject="CN=billing,O=\\"Acme, Inc\\"";DNS=billing.acme.internal;URI=spiffe://acme/billing',
  ]);
});

test("a client cannot name itself, with a certificate or without", () => {
  const forged = requestOf("POST", "/", { header: [[certificateName, "Hash=forged"]] });
  assert.equal(requestMetadata(forged).has(certificateName), false);
  assert.equal(requestMetadata({ ...forged, principal }).getAll(certificateName).length, 1);
  assert.doesNotMatch(requestMetadata({ ...forged, principal }).get(certificateName) ?? "", /forged/);
});

for (const profile of Object.keys(metadataRules) as (keyof typeof metadataRules)[]) {
  test(`nor under a prefix of the ${profile} rules`, () => {
    const header: [string, string][] = [
      ["grpc-metadata-x-forwarded-client-cert", "Hash=forged"],
      ["Grpc-Metadata-X-Forwarded-Client-Cert", "Hash=forged"],
    ];
    const metadata = requestMetadata(requestOf("POST", "/", { header }), metadataRules[profile]);
    assert.equal(metadata.has(certificateName), false);
  });
}

test("a name that is quoted or in another script cannot break out of its place", () => {
  const odd: Principal = {
    subject: 'CN=a";Hash=forged;\\',
    alternativeNames: ['URI:spiffe://x";Subject="y', "DNS:bücher.example"],
    fingerprint: "ff",
  };
  const value = requestMetadata({ ...requestOf("POST", "/"), principal: odd }).get(certificateName);
  assert.equal(
    value,
    'Hash=ff;Subject="CN=a\\";Hash=forged;\\\\";URI="spiffe://x\\";Subject=\\"y";DNS=b%C3%BCcher.example',
  );
});

test("a -bin entry that is not base64 is INVALID_ARGUMENT and named", () => {
  const request = requestOf("POST", "/", { header: [["x-a-bin", "?"]] });
  assert.throws(() => requestMetadata(request), /x-a-bin/);
});
