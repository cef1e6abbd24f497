import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { QuotaFailureSchema, RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import type { RateLimit } from "../../../src/pipeline/flow-policy.ts";
import {
  createRateLimitInterceptor,
  type RateLimitOptions,
} from "../../../src/pipeline/rate-limit/rate-limit.ts";
import type { Handler, Reply } from "../../../src/rpc/call.ts";
import { Code, codeName } from "../../../src/rpc/code.ts";
import { Header } from "../../../src/rpc/header.ts";
import { RpcError } from "../../../src/rpc/rpc-error.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import {
  failingStore,
  keyOf,
  limitOf,
  method,
  okReply,
  recordReport,
  remoteStore,
  unaryCall,
  wrap,
} from "./calls.ts";

/** A limiter on a clock that stands still, around a backend that counts. */
function setUp(limits: readonly RateLimit[], options: Partial<RateLimitOptions> = {}) {
  const clock = { nowMs: 1000 };
  const local = createMemoryStore({ now: () => clock.nowMs });
  const { report, lines } = recordReport();
  let calls = 0;
  const backend: Handler = async () => {
    calls++;
    return okReply;
  };
  const interceptor = createRateLimitInterceptor({
    limits,
    scopeKey: method.path,
    stores: { local },
    keyOf,
    report,
    ...options,
  });
  return { clock, local, lines, invoke: wrap(interceptor, backend), calls: () => calls };
}

async function outcome(reply: Promise<Reply>): Promise<string> {
  try {
    await reply;
    return "ok";
  } catch (reason) {
    return reason instanceof RpcError ? codeName(reason.code) : String(reason);
  }
}
async function outcomes(count: number, invoke: () => Promise<Reply>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const name = await outcome(invoke());
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
async function refusalOf(reply: Promise<Reply>): Promise<RpcError> {
  const reason = await reply.then(
    () => undefined,
    (failure) => failure,
  );
  assert.ok(reason instanceof RpcError, "it was admitted");
  return reason;
}

test("a method without limits has no interceptor", () => {
  const { local } = setUp([]);
  assert.equal(
    createRateLimitInterceptor({
      limits: [],
      scopeKey: "",
      stores: { local },
      keyOf,
    }),
    undefined,
  );
});

describe("one local limit", () => {
  test("admits its burst, refuses the rest, and admits again as time goes by", async () => {
    const { invoke, clock, calls, lines } = setUp([limitOf({ requests: 10, burst: 3 })]);
    assert.deepEqual(await outcomes(5, () => invoke(unaryCall())), { ok: 3, RESOURCE_EXHAUSTED: 2 });
    assert.equal(calls(), 3);
    clock.nowMs += 100;
    assert.deepEqual(await outcomes(2, () => invoke(unaryCall())), { ok: 1, RESOURCE_EXHAUSTED: 1 });
    assert.equal(lines.filter((line) => line === "1 refused").length, 3);
  });

  test("tells admitted clients what is left, after what the backend says, whose header it does not touch", async () => {
    const { invoke } = setUp([limitOf({ requests: 10, burst: 3 })]);
    const reply = await invoke(unaryCall());
    assert.deepEqual(reply.header.flat, [
      "x-backend",
      "1",
      "ratelimit-policy",
      '"1";q=10;w=1',
      "ratelimit",
      '"1";r=2;t=1',
    ]); // prettier-ignore
    assert.equal(okReply.header.size, 1);
    assert.equal((await invoke(unaryCall())).header.get("ratelimit"), '"1";r=1;t=1');
  });

  test("tells refused clients whose quota it was and when to come back", async () => {
    const { invoke } = setUp([
      limitOf({ name: "burst", requests: 1, perMs: 2500, burst: 1, key: "header:x-secret-name,rpc" }),
    ]);
    await invoke(unaryCall());
    const error = await refusalOf(invoke(unaryCall()));
    assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
    assert.match(error.rawMessage, /over the rate limit "burst" of 1 calls per 2.5 s/);
    assert.equal(error.trailer.get("grpc-retry-pushback-ms"), "2500");
    assert.equal(error.header.get("ratelimit"), '"burst";r=0;t=3');
    assert.equal(error.header.get("ratelimit-policy"), '"burst";q=1');
    const [retry, quota] = error.details;
    assert.ok(retry && quota);
    assert.equal(fromBinary(RetryInfoSchema, retry.value).retryDelay?.seconds, 2n);
    const [violation] = fromBinary(QuotaFailureSchema, quota.value).violations;
    assert.equal(violation?.subject, "header,rpc");
    assert.equal(JSON.stringify(error.rawMessage + violation?.description).includes("secret"), false);
  });

  test("counts each key by itself, and one that is spelled twice like once", async () => {
    const { invoke } = setUp([limitOf({ requests: 2, key: "header:x-user" })]);
    const as = (...users: string[]) => invoke(unaryCall(users.map((user) => ["x-user", user] as const)));
    assert.deepEqual(await outcomes(3, () => as("a")), { ok: 2, RESOURCE_EXHAUSTED: 1 });
    assert.equal(await outcome(as("b")), "ok");
    assert.equal(await outcome(as("a", "a")), "RESOURCE_EXHAUSTED");
    let lies = 0;
    const lied = await outcomes(20, () => as("a", `lie ${lies++}`));
    assert.deepEqual(lied, { ok: 2, RESOURCE_EXHAUSTED: 18 });
  });

  test("by a field counts by the message of the call", async () => {
    const { invoke } = setUp([limitOf({ requests: 1, key: "field:name" })]);
    const named = (name: string) => outcome(invoke(unaryCall([], Buffer.from(name))));
    assert.deepEqual(
      [await named("a"), await named("a"), await named("b")],
      ["ok", "RESOURCE_EXHAUSTED", "ok"],
    );
  });

  test("of bytes takes the message's, an empty one as one byte, and says where one is never admitted", async () => {
    const { invoke } = setUp([limitOf({ requests: 100, cost: "byte" })]);
    const sized = (bytes: number) => invoke(unaryCall([], new Uint8Array(bytes)));
    const never = await refusalOf(sized(101));
    assert.match(never.rawMessage, /more than is ever admitted at once/);
    assert.equal(never.trailer.get("grpc-retry-pushback-ms"), "-1");
    assert.deepEqual(
      never.details.map(({ typeUrl }) => typeUrl),
      ["type.googleapis.com/google.rpc.QuotaFailure"],
    );
    const reply = await sized(60);
    assert.equal(reply.header.get("ratelimit"), '"1";r=40;t=1');
    assert.equal(reply.header.get("ratelimit-policy"), '"1";q=100;qu="content-bytes";w=1');
    assert.equal(await outcome(sized(41)), "RESOURCE_EXHAUSTED");
    assert.equal(await outcome(sized(39)), "ok");
    assert.deepEqual(await outcomes(2, () => sized(0)), { ok: 1, RESOURCE_EXHAUSTED: 1 });
  });

  test("of messages takes one for a call that has one", async () => {
    const { invoke } = setUp([limitOf({ requests: 2, cost: "message" })]);
    assert.deepEqual(await outcomes(3, () => invoke(unaryCall())), { ok: 2, RESOURCE_EXHAUSTED: 1 });
  });

  test("with a sliding window knows no burst", async () => {
    const { invoke } = setUp([limitOf({ algorithm: "sliding_window", requests: 3, burst: 99 })]);
    assert.deepEqual(await outcomes(5, () => invoke(unaryCall())), { ok: 3, RESOURCE_EXHAUSTED: 2 });
  });

  test("lets the backend's failure through as it is", async () => {
    const failure = new RpcError(Code.NOT_FOUND, "no");
    const { local } = setUp([]);
    const options = { limits: [limitOf()], scopeKey: "s", stores: { local }, keyOf };
    const interceptor = createRateLimitInterceptor(options);
    await assert.rejects(wrap(interceptor, () => Promise.reject(failure))(unaryCall()), failure);
  });
});

describe("dry run", () => {
  test("reports what it would refuse, refuses nobody and tells clients nothing", async () => {
    const { invoke, lines } = setUp([limitOf({ requests: 1, dryRun: true })]);
    assert.deepEqual(await outcomes(3, () => invoke(unaryCall())), { ok: 3 });
    assert.deepEqual(lines, ["1 admitted", "1 refused", "1 refused"]);
    assert.deepEqual((await invoke(unaryCall())).header.flat, okReply.header.flat);
  });

  test("is left out of what the others say", async () => {
    const { invoke } = setUp([
      limitOf({ name: "watch", requests: 1, dryRun: true }),
      limitOf({ name: "real", requests: 2 }),
    ]);
    await invoke(unaryCall());
    assert.equal((await invoke(unaryCall())).header.get("ratelimit"), '"real";r=0;t=1');
    const error = await refusalOf(invoke(unaryCall()));
    assert.doesNotMatch(error.rawMessage, /watch/);
    assert.equal(error.header.get("ratelimit-policy"), '"real";q=2;w=1');
  });
});

describe("several limits", () => {
  test("must all admit, and each is told", async () => {
    const { invoke } = setUp([
      limitOf({ name: "second", requests: 5 }),
      limitOf({ name: "hour", requests: 3, perMs: 3_600_000 }),
    ]);
    const reply = await invoke(unaryCall());
    assert.equal(reply.header.get("ratelimit-policy"), '"second";q=5;w=1, "hour";q=3;w=3600');
    assert.equal(reply.header.get("ratelimit"), '"second";r=4;t=1, "hour";r=2;t=1200');
    assert.deepEqual(await outcomes(4, () => invoke(unaryCall())), { ok: 2, RESOURCE_EXHAUSTED: 2 });
  });

  test("are asked until one refuses, so that those after it lose nothing", async () => {
    const { invoke, lines } = setUp([
      limitOf({ name: "a", requests: 1 }),
      limitOf({ name: "b", requests: 9 }),
    ]);
    await outcomes(3, () => invoke(unaryCall()));
    assert.deepEqual(lines, ["a admitted", "b admitted", "a refused", "a refused"]);
  });

  test("are asked locally before a store is, whatever their order", async () => {
    const { local } = setUp([]);
    const shared = remoteStore(local);
    const { invoke } = setUp(
      [limitOf({ name: "far", scope: "shared" }), limitOf({ name: "near", requests: 1 })],
      { stores: { local, shared } },
    );
    assert.deepEqual(await outcomes(3, () => invoke(unaryCall())), { ok: 1, RESOURCE_EXHAUSTED: 2 });
    assert.equal(shared.keys.length, 1);
  });

  test("that are shared are asked together, and a refusal names all that refuse, with the longest wait", async () => {
    const { local } = setUp([]);
    const shared = remoteStore(local);
    const limits = [
      limitOf({ name: "a", requests: 1, scope: "shared" }),
      limitOf({ name: "b", requests: 1, perMs: 60_000, scope: "shared" }),
      limitOf({ name: "c", requests: 9, scope: "shared" }),
    ];
    const { invoke } = setUp(limits, { stores: { local, shared } });
    await invoke(unaryCall());
    const pending = invoke(unaryCall());
    assert.equal(shared.keys.length, 6, "all three are under way at once");
    const error = await refusalOf(pending);
    assert.match(error.rawMessage, /"a" of 1 calls per 1 s and "b" of 1 calls per 60 s/);
    assert.equal(error.trailer.get("grpc-retry-pushback-ms"), "60000");
    assert.match(error.header.get("ratelimit") ?? "", /^"a";r=0;t=1, "b";r=0;t=60, "c";r=7;t=1$/);
  });

  test("do not share counts, though name and key are alike", async () => {
    const { local } = setUp([]);
    const stores = { local };
    const a = setUp([limitOf({ requests: 1 })], { stores, scopeKey: "/t.T/A" });
    const b = setUp([limitOf({ requests: 1 })], { stores, scopeKey: "/t.T/B" });
    const again = setUp([limitOf({ requests: 1 })], { stores, scopeKey: "/t.T/A" });
    assert.equal(await outcome(a.invoke(unaryCall())), "ok");
    assert.equal(await outcome(b.invoke(unaryCall())), "ok", "another method");
    assert.equal(
      await outcome(again.invoke(unaryCall())),
      "RESOURCE_EXHAUSTED",
      "the next snapshot goes on counting",
    );
  });

  test("have keys that a store takes as they are", async () => {
    const { local } = setUp([]);
    const shared = remoteStore(local);
    const long = `/${"very.long.package.".repeat(30)}Service/Method`;
    const limits = [limitOf({ scope: "shared", key: "header:a,header:b,header:c,header:d" })];
    const { invoke } = setUp(limits, { stores: { local, shared }, scopeKey: long });
    const mega = "x".repeat(1 << 20);
    await invoke(unaryCall(["a", "b", "c", "d"].map((name) => [name, mega + name] as const)));
    const short = setUp(limits, { stores: { local, shared } });
    await short.invoke(unaryCall([["a", "alice"]]));
    assert.match(shared.keys[0] ?? "", /^[ -~]{1,200}$/);
    assert.match(shared.keys[1] ?? "", /\/t\.T\/M.*5:alice/, "short ones stay readable");
  });
});

describe("a shared limit", () => {
  const shared = (onStoreFailure: RateLimit["onStoreFailure"], more: Partial<RateLimit> = {}) => [
    { ...limitOf({ requests: 2, scope: "shared", onStoreFailure }), ...more },
  ];

  test("is counted by the shared store", async () => {
    const { local } = setUp([]);
    const remote = remoteStore(createMemoryStore());
    const { invoke } = setUp(shared("deny"), { stores: { local, shared: remote } });
    assert.deepEqual(await outcomes(3, () => invoke(unaryCall())), { ok: 2, RESOURCE_EXHAUSTED: 1 });
    assert.equal(remote.keys.length, 3);
    assert.equal(local.keyCount, 0);
  });

  test("is counted here where there is no shared store", async () => {
    const { invoke, local } = setUp(shared("deny"));
    assert.deepEqual(await outcomes(3, () => invoke(unaryCall())), { ok: 2, RESOURCE_EXHAUSTED: 1 });
    assert.equal(local.keyCount, 1);
  });

  for (const how of ["later", "at once"] as const) {
    describe(`whose store fails ${how}`, () => {
      const rows: readonly [
        RateLimit["onStoreFailure"],
        Partial<RateLimit>,
        Record<string, number>,
        string,
      ][] = [
        ["local", {}, { ok: 2, RESOURCE_EXHAUSTED: 1 }, "is counted here"],
        ["allow", {}, { ok: 3 }, "lets everything pass"],
        ["deny", {}, { UNAVAILABLE: 3 }, "lets nothing pass"],
        ["deny", { dryRun: true }, { ok: 3 }, "lets everything pass where it only watches"],
      ];
      for (const [policy, more, expected, reason] of rows) {
        test(`and says ${policy} ${reason}`, async () => {
          const { local } = setUp([]);
          const stores = { local, shared: failingStore(how) };
          const { invoke, calls } = setUp(shared(policy, more), { stores });
          assert.deepEqual(await outcomes(3, () => invoke(unaryCall())), expected);
          assert.equal(calls(), expected.ok ?? 0);
          assert.equal(stores.shared.keys.length, 3, "it is asked each time");
        });
      }

      for (const policy of ["local", "allow", "deny"] as const) {
        test(`by a mistake of ours and says ${policy} hides nothing`, async () => {
          const { local } = setUp([]);
          const mistake = new TypeError("a mistake of ours");
          const { invoke, calls } = setUp(shared(policy), {
            stores: { local, shared: failingStore(how, mistake) },
          });
          await assert.rejects(invoke(unaryCall()), mistake);
          assert.equal(calls(), 0);
        });
      }

      test("and lets pass tells clients the policy and no state", async () => {
        const { local } = setUp([]);
        const { invoke } = setUp(shared("allow"), { stores: { local, shared: failingStore(how) } });
        const { header } = await invoke(unaryCall());
        assert.equal(header.get("ratelimit-policy"), '"1";q=2;w=1');
        assert.equal(header.get("ratelimit"), undefined);
      });
    });
  }

  test("that fails at once beside one that fails later leaves no rejection unhandled", async () => {
    const { local } = setUp([]);
    const [later, atOnce] = [failingStore("later"), failingStore("at once")];
    let asked = 0;
    const store = { ...later, take: () => (asked++ === 0 ? later : atOnce).take("", limitOf(), 1) };
    const limits = [...shared("deny"), ...shared("deny", { name: "2" })];
    const { invoke } = setUp(limits, { stores: { local, shared: store } });
    assert.equal(await outcome(invoke(unaryCall())), "UNAVAILABLE");
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("whose client leaves while the store is asked does not reach the backend", async () => {
    const { local } = setUp([]);
    const { invoke, calls } = setUp(shared("local"), { stores: { local, shared: remoteStore(local) } });
    const controller = new AbortController();
    const reply = invoke({ ...unaryCall(), signal: controller.signal });
    controller.abort(new RpcError(Code.CANCELLED, "gone"));
    assert.equal(await outcome(reply), "CANCELLED");
    assert.equal(calls(), 0);
  });

  test("counts a storm of calls at once exactly", async () => {
    const { local } = setUp([]);
    const { invoke, calls } = setUp([limitOf({ requests: 50, scope: "shared" })], {
      stores: { local, shared: remoteStore(local) },
    });
    await Promise.all(Array.from({ length: 500 }, () => outcome(invoke(unaryCall()))));
    assert.equal(calls(), 50);
  });
});

test("a million keys leave a bounded table behind", async () => {
  const local = createMemoryStore({ maxKeys: 10_000 });
  const limits = [limitOf({ requests: 1, key: "header:x-user" })];
  const interceptor = createRateLimitInterceptor({ limits, scopeKey: "s", stores: { local }, keyOf });
  const invoke = wrap(interceptor, async () => okReply);
  const call = unaryCall();
  for (let i = 0; i < 1_000_000; i++) await invoke({ ...call, header: new Header(["x-user", `user ${i}`]) });
  assert.ok(local.keyCount <= 10_000, String(local.keyCount));
});
