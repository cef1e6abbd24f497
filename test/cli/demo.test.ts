import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { demoIntroduction, startDemo } from "../../src/cli/demo.ts";

test("the demo is an upstream with reflection on a free port of loopback, and is gone when closed", async () => {
  const demo = await startDemo();
  const { name, target, reflection } = demo.upstream;
  assert.equal(name, "library");
  assert.equal(reflection, true);
  const socket = connect(target.port, target.host);
  await once(socket, "connect");
  socket.destroy();
  await demo.close();
  await demo.close();
  const late = connect(target.port, target.host);
  const [error] = await once(late, "error");
  assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
});

test("two demos do not disturb each other", async () => {
  const [a, b] = await Promise.all([startDemo(), startDemo()]);
  assert.notEqual(a.upstream.target.port, b.upstream.target.port);
  await Promise.all([a.close(), b.close()]);
});

test("the introduction has the routes' address only where there are admin pages, and every call", () => {
  const text = demoIntroduction("http://127.0.0.1:8080", "http://127.0.0.1:8080");
  assert.match(text, /http:\/\/127\.0\.0\.1:8080\/debug\/routes/);
  assert.equal(text.match(/^ {2}curl /gm)?.length, 5);
  assert.doesNotMatch(demoIntroduction("http://127.0.0.1:8080", undefined), /debug/);
});
