import assert from "node:assert/strict";
import { test } from "node:test";
import { type InterceptorName, interceptorOrder, orderInterceptors } from "../../src/pipeline/order.ts";
import { composeHandler, type Interceptor } from "../../src/rpc/call.ts";
import { Header } from "../../src/rpc/header.ts";
import { callOf } from "../contract/transport.ts";

test("the order is the one that its reasons give", () => {
  assert.deepEqual(
    interceptorOrder.map(({ name }) => name),
    [
      "tracing",
      "metrics",
      "accessLog",
      "deadline",
      "requestBudget",
      "messageSize",
      "auth",
      "rateLimit",
      "concurrencyLimit",
      "streamLimits",
      "cache",
      "retry",
    ],
  );
});

test("a chain holds the interceptors that exist, in their order, however they were given", async () => {
  const log: string[] = [];
  const noting =
    (name: InterceptorName): Interceptor =>
    (next) =>
    (call) => {
      log.push(name);
      return next(call);
    };
  const chain = orderInterceptors({
    retry: noting("retry"),
    deadline: noting("deadline"),
    metrics: noting("metrics"),
  });
  const handler = composeHandler(chain, async () => ({
    kind: "unary",
    header: new Header(),
    message: new Uint8Array(),
    trailer: new Header(),
  }));
  await handler(callOf("unary"));
  assert.deepEqual(log, ["metrics", "deadline", "retry"]);
});

test("no interceptors, no chain", () => {
  assert.deepEqual(orderInterceptors({}), []);
});
