import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { type AuthOptions, createAuthInterceptor } from "../../src/auth/auth-interceptor.ts";
import type { Verdict, Verifier } from "../../src/auth/verifier.ts";
import { ErrorInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import type { Call, CallHead, Handler, Reply } from "../../src/rpc/call.ts";
import { Code } from "../../src/rpc/code.ts";
import { Header } from "../../src/rpc/header.ts";
import type { Identity } from "../../src/rpc/identity.ts";
import { RpcError } from "../../src/rpc/rpc-error.ts";

const alice: Identity = { subject: "alice", claims: { iss: "https://i.test/" }, scopes: ["a", "b"] };
const acme: Identity = { subject: "acme", claims: {}, scopes: ["a"] };

/** Knows one credential at once, another after a while, and one it can say nothing of. */
function createVerifier(scheme: Verifier["scheme"], identity: Identity): Verifier {
  const verified: Verdict = { kind: "verified", identity };
  return {
    scheme,
    refresh: async () => {},
    verify: (credential) => {
      if (credential === "good") return verified;
      if (credential === "slow") return Promise.resolve(verified);
      if (credential === "unsure") return { kind: "unavailable", reason: "no keys" };
      if (credential === "late") return { kind: "invalid", reason: "the token has expired", expired: true };
      return { kind: "invalid", reason: 'it is "wrong"' };
    },
  };
}
const tokens = createVerifier("bearer", alice);
const apiKeys = createVerifier("apikey", acme);
const both = [tokens, apiKeys];

const method = {
  path: "/t.T/M",
  service: "t.T",
  name: "M",
  kind: "unary",
  idempotency: "unknown",
} as const;
const head: CallHead = { method, header: new Header(), signal: new AbortController().signal };
const reply: Reply = {
  kind: "unary",
  header: new Header(),
  message: new Uint8Array(),
  trailer: new Header(),
};

type Flat = readonly string[];

/** What the backend sees of a call with this header. */
async function callWith(
  options: Partial<AuthOptions>,
  flat: Flat,
  extra: Partial<CallHead> = {},
): Promise<Call> {
  const interceptor = createAuthInterceptor({
    policy: { kind: "required", scopes: [] },
    defaultRequired: false,
    verifiers: both,
    ...options,
  });
  assert.ok(interceptor);
  let seen: Call | undefined;
  const backend: Handler = async (call) => {
    seen = call;
    return reply;
  };
  const header = new Header([...flat]);
  const call: Call = { ...head, header, ...extra, kind: "unary", message: new Uint8Array(1) };
  assert.equal(await interceptor(backend)(call), reply);
  assert.deepEqual(header.flat, flat, "the header of the call is not changed");
  assert.ok(seen);
  return seen;
}

async function refusalOf(options: Partial<AuthOptions>, flat: Flat, extra: Partial<CallHead> = {}) {
  const error = await callWith(options, flat, extra).then(
    () => assert.fail("the call passed"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof RpcError, String(error));
  const [detail] = error.details;
  assert.equal(error.header.isOwn("www-authenticate"), error.header.has("www-authenticate"), "no metadata");
  const info = detail === undefined ? undefined : fromBinary(ErrorInfoSchema, detail.value);
  return { error, code: error.code, info, challenges: error.header.getAll("www-authenticate") };
}

const accepted: readonly (readonly [Flat, string, string])[] = [
  [["authorization", "Bearer good"], "alice", "as clients write it"],
  [["authorization", "bearer good"], "alice", "schemes have no case"],
  [["authorization", "BEARER   good "], "alice", "spaces around the token"],
  [["authorization", "Bearer slow"], "alice", "a verifier that takes its time"],
  [["x-api-key", "good"], "acme", "a key in its own header"],
  [["authorization", "ApiKey good"], "acme", "a key as authorization"],
  [["authorization", "apikey slow"], "acme", "likewise without case"],
  [["x-api-key", "good", "authorization", "Bearer good"], "alice", "a token beats a key"],
  [["x-api-key", "wrong", "authorization", "Bearer good"], "alice", "whatever the key is"],
  [
    ["x-api-key", "good", "authorization", "Basic dTpw"],
    "acme",
    "a scheme that is the backend's is not ours",
  ],
];
for (const [flat, subject, why] of accepted) {
  test(`${flat.join(": ")} is ${subject}: ${why}`, async () => {
    const seen = await callWith({}, flat);
    assert.equal(seen.identity?.subject, subject);
    assert.equal(seen.header.get("x-authenticated-subject"), subject);
  });
}

const refused: readonly (readonly [Flat, number, string, RegExp])[] = [
  [[], Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", /^Bearer\nApiKey$/],
  [["authorization", "Basic dTpw"], Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", /^Bearer\nApiKey$/],
  [["authorization", ""], Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", /^Bearer\nApiKey$/],
  [["authorization", "good"], Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", /^Bearer\nApiKey$/],
  [["authorization", "Bearergood"], Code.UNAUTHENTICATED, "CREDENTIALS_MISSING", /^Bearer\nApiKey$/],
  [
    ["authorization", "Bearer"],
    Code.UNAUTHENTICATED,
    "ACCESS_TOKEN_INVALID",
    /^Bearer error="invalid_token"/,
  ],
  [
    ["authorization", "Bearer wrong"],
    Code.UNAUTHENTICATED,
    "ACCESS_TOKEN_INVALID",
    /description="it is \?wrong\?"$/,
  ],
  [["authorization", "Bearer Bearer good"], Code.UNAUTHENTICATED, "ACCESS_TOKEN_INVALID", /invalid_token/],
  [
    ["authorization", "Bearer good, Bearer good"],
    Code.UNAUTHENTICATED,
    "ACCESS_TOKEN_INVALID",
    /invalid_token/,
  ],
  [["authorization", "Bearer late"], Code.UNAUTHENTICATED, "ACCESS_TOKEN_EXPIRED", /the token has expired"$/],
  [["x-api-key", "wrong"], Code.UNAUTHENTICATED, "API_KEY_INVALID", /^ApiKey$/],
  [
    ["authorization", "Bearer wrong", "x-api-key", "good"],
    Code.UNAUTHENTICATED,
    "ACCESS_TOKEN_INVALID",
    /invalid/,
  ],
];
for (const [flat, code, reason, challenge] of refused) {
  test(`a method that demands a principal answers ${reason} to "${flat.join(": ")}"`, async () => {
    const refusal = await refusalOf({}, flat);
    assert.equal(refusal.code, code);
    assert.equal(refusal.info?.reason, reason);
    assert.equal(refusal.info?.domain, "protogate");
    assert.equal(refusal.info?.metadata.method, "t.T/M");
    assert.match(refusal.challenges.join("\n"), challenge);
  });
}

test("two credentials of one kind are refused on every method, also those that demand nothing", async () => {
  const doubles: readonly Flat[] = [
    ["authorization", "Bearer good", "authorization", "Bearer good"],
    ["authorization", "Bearer good", "x-other", "1", "authorization", "Basic dTpw"],
    ["x-api-key", "good", "x-api-key", "good"],
    ["authorization", "ApiKey good", "x-api-key", "good"],
  ];
  for (const flat of doubles) {
    for (const policy of [
      undefined,
      { kind: "public" } as const,
      { kind: "required", scopes: [] } as const,
    ]) {
      assert.equal((await refusalOf({ policy }, flat)).code, Code.INVALID_ARGUMENT);
    }
  }
});

test("what cannot be judged now is UNAVAILABLE, for the client to try again", async () => {
  const { code, challenges } = await refusalOf({}, ["authorization", "Bearer unsure"]);
  assert.equal(code, Code.UNAVAILABLE);
  assert.deepEqual(challenges, []);
});

test("all scopes are needed, and what is missing is named", async () => {
  const policy = { kind: "required", scopes: ["a", "b"] } as const;
  await callWith({ policy }, ["authorization", "Bearer good"]);
  const key = await refusalOf({ policy }, ["x-api-key", "good"]);
  assert.equal(key.code, Code.PERMISSION_DENIED);
  assert.match(key.error.rawMessage, /^the API key lacks the scope b$/);
  const strict = { kind: "required", scopes: ["a", "c", 'd"\r\nset-cookie: x'] } as const;
  const token = await refusalOf({ policy: strict }, ["authorization", "Bearer slow"]);
  assert.equal(token.code, Code.PERMISSION_DENIED);
  assert.equal(token.info?.reason, "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
  assert.deepEqual(token.challenges, ['Bearer error="insufficient_scope", scope="a c d???set-cookie: x"']);
});

test("on a public method a valid token counts, and any other is as good as none", async () => {
  const options = { policy: { kind: "public" }, defaultRequired: true } as const;
  assert.equal((await callWith(options, ["authorization", "Bearer good"])).identity?.subject, "alice");
  for (const credential of ["wrong", "late", "unsure", ""]) {
    const seen = await callWith(options, ["authorization", `Bearer ${credential}`]);
    assert.equal(seen.identity, undefined);
    assert.equal(seen.header.get("authorization"), `Bearer ${credential}`);
  }
});

test("where nobody says anything of a method the default counts", async () => {
  assert.equal(
    (await refusalOf({ policy: undefined, defaultRequired: true }, [])).code,
    Code.UNAUTHENTICATED,
  );
  await callWith({ policy: undefined, defaultRequired: false }, []);
});

test("there is nothing in the chain where nothing is verified and nothing demanded", () => {
  for (const policy of [undefined, { kind: "public" } as const]) {
    assert.equal(createAuthInterceptor({ policy, defaultRequired: false, verifiers: [] }), undefined);
  }
});

test("a method that demands a principal is closed where nobody can verify one", async () => {
  for (const flat of [[], ["authorization", "Bearer good"], ["x-api-key", "good"]]) {
    assert.equal((await refusalOf({ verifiers: [] }, flat)).code, Code.UNAUTHENTICATED);
  }
});

test("no client says who it is in the gateway's place", async () => {
  const forged = [
    "x-authenticated-subject",
    "root",
    "x-authenticated-issuer",
    "https://evil.test/",
    "x-authenticated-subject-bin",
    "cm9vdA",
    "x-other",
    "1",
  ];
  const anonymous = await callWith({ policy: { kind: "public" } }, forged);
  assert.deepEqual(anonymous.header.flat, ["x-other", "1"]);
  const known = await callWith({}, ["authorization", "Bearer good", ...forged]);
  assert.deepEqual(known.header.getAll("x-authenticated-subject"), ["alice"]);
  assert.deepEqual(known.header.getAll("x-authenticated-issuer"), ["https://i.test/"]);
  const keyed = await callWith({}, ["x-api-key", "good", ...forged]);
  assert.equal(keyed.header.get("x-authenticated-issuer"), undefined);
});

test("a subject becomes printable ASCII that can be read back", async () => {
  for (const subject of ["a b", "zoë|%2F", "line\r\nbreak", "日本 \u{1f4a9}", " x ", "~!$&'"]) {
    const verifiers = [createVerifier("bearer", { ...alice, subject })];
    const seen = await callWith({ verifiers }, ["authorization", "Bearer good"]);
    const value = seen.header.get("x-authenticated-subject") ?? "";
    assert.match(value, /^[!-~]+$/);
    assert.equal(decodeURIComponent(value), subject);
  }
});

test("the backend gets tokens and no API keys, or as it is told", async () => {
  const token = ["authorization", "Bearer good", "grpcgateway-authorization", "Bearer good"];
  const names = (call: Call): string[] =>
    [...call.header].map(([name]) => name).filter((name) => !name.startsWith("x-authenticated-"));
  assert.deepEqual(names(await callWith({}, token)), ["authorization", "grpcgateway-authorization"]);
  assert.deepEqual(names(await callWith({ forward: { token: false } }, token)), []);
  assert.deepEqual(names(await callWith({}, ["x-api-key", "good"])), []);
  assert.deepEqual(names(await callWith({}, ["authorization", "ApiKey good"])), []);
  assert.deepEqual(names(await callWith({ forward: { apiKey: true } }, ["x-api-key", "good"])), [
    "x-api-key",
  ]);
  // What nobody verifies here is the backend's own.
  const basic = ["authorization", "Basic dTpw"];
  const open = { policy: { kind: "public" }, forward: { token: false } } as const;
  assert.deepEqual(names(await callWith(open, basic)), ["authorization"]);
  assert.deepEqual(names(await callWith({ ...open, verifiers: [tokens] }, ["x-api-key", "k"])), [
    "x-api-key",
  ]);
});

test("of several issuers the one that knows the token counts, and the reason is that of the one that made it", async () => {
  const foreign: Verifier = {
    ...tokens,
    verify: () => ({ kind: "invalid", reason: "another issuer", foreign: true }),
  };
  const options = { verifiers: [foreign, tokens, foreign] };
  assert.equal((await callWith(options, ["authorization", "Bearer slow"])).identity, alice);
  const expired = await refusalOf(options, ["authorization", "Bearer late"]);
  assert.match(expired.error.rawMessage, /expired/);
  const unsure = await refusalOf(options, ["authorization", "Bearer unsure"]);
  assert.equal(unsure.code, Code.UNAVAILABLE);
});

test("who has gone while a token was verified does not reach the backend", async () => {
  const controller = new AbortController();
  const gone = new RpcError(Code.CANCELLED, "gone");
  const leaving: Verifier = {
    ...tokens,
    verify: async () => {
      controller.abort(gone);
      return { kind: "verified", identity: alice };
    },
  };
  const extra = { signal: controller.signal };
  const refusal = await refusalOf({ verifiers: [leaving] }, ["authorization", "Bearer good"], extra);
  assert.equal(refusal.error, gone);
});

test("the messages of a stream that is refused are returned", async () => {
  const interceptor = createAuthInterceptor({ policy: undefined, defaultRequired: true, verifiers: both });
  let returned = 0;
  const messages: AsyncIterableIterator<Uint8Array> = {
    next: () => assert.fail("nobody reads"),
    return: async () => {
      returned++;
      throw new Error("not for anybody");
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const refused = interceptor?.(() => assert.fail("not reached"))({ ...head, kind: "stream", messages });
  await assert.rejects(refused ?? Promise.resolve(), { code: Code.UNAUTHENTICATED });
  assert.equal(returned, 1);
});
