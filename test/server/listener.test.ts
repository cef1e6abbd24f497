// One port, two versions of HTTP: what a protocol sees of a request and what a client sees of a response.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Header } from "../../src/rpc/header.ts";
import type { HttpRequest } from "../../src/wire/http-message.ts";
import { askHttp1, askHttp2, openListener, readText, text, versions } from "./open-listener.ts";

test("HTTP/1.1 and HTTP/2 with prior knowledge are spoken on one port", async (t) => {
  const listener = await openListener(t, async (request) => text(200, request.httpVersion));
  assert.equal((await askHttp1(listener.port)).body, "1.1");
  assert.equal((await askHttp2(listener.port)).body, "2");
  assert.equal((await askHttp1(listener.port)).body, "1.1");
  assert.equal(listener.url, `http://127.0.0.1:${listener.port}`);
});

for (const { name, ask } of versions) {
  test(`${name}: a request arrives as plain values`, async (t) => {
    let seen: HttpRequest | undefined;
    let body = "";
    const listener = await openListener(t, async (request) => {
      seen = request;
      body = await readText(request.body);
      return text(200, "ok");
    });
    await ask(listener.port, {
      method: "POST",
      path: "/v1/a%2Fb:x?q=%20&r",
      header: { "X-Mixed": "Ünï", host: "gate.example", "x-twice": "1" },
      body: Buffer.from("hello"),
    });
    assert.ok(seen);
    assert.equal(seen.httpMethod, "POST");
    assert.equal(seen.path, "/v1/a%2Fb:x");
    assert.equal(seen.query, "q=%20&r");
    assert.equal(seen.header.get("x-mixed"), "Ünï");
    assert.equal(seen.header.get("host"), "gate.example");
    assert.equal(seen.scheme, "http");
    assert.equal(seen.remoteAddress, "127.0.0.1");
    assert.equal(seen.bodyless, false);
    assert.equal(body, "hello");
    assert.ok([...seen.header].every(([key]) => !key.startsWith(":") && key === key.toLowerCase()));
  });

  test(`${name}: a request without a body is bodyless by its framing`, async (t) => {
    const listener = await openListener(t, async (request) =>
      text(200, `${request.bodyless} ${JSON.stringify(await readText(request.body))}`),
    );
    assert.equal((await ask(listener.port)).body, 'true ""');
    assert.equal((await ask(listener.port, { method: "POST", body: "x" })).body, 'false "x"');
  });

  test(`${name}: a buffered body gets a content-length, and whatever framing a protocol set is ours`, async (t) => {
    const listener = await openListener(t, async () =>
      text(200, "four", [
        ["content-length", "99"],
        ["transfer-encoding", "chunked"],
        ["connection", "upgrade"],
        ["keep-alive", "x"],
        ["x-kept", "yes"],
      ]),
    );
    const answer = await ask(listener.port);
    assert.equal(answer.status, 200);
    assert.equal(answer.header["content-length"], "4");
    assert.equal(answer.header["transfer-encoding"], undefined);
    assert.equal(answer.header["x-kept"], "yes");
    assert.equal(answer.body, "four");
  });

  test(`${name}: HEAD gets the header of GET, content-length too, and no body`, async (t) => {
    const listener = await openListener(t, async () => text(200, "four"));
    const answer = await ask(listener.port, { method: "HEAD" });
    assert.equal(answer.status, 200);
    assert.equal(answer.header["content-length"], "4");
    assert.equal(answer.body, "");
  });

  test(`${name}: 204 and 304 have neither body nor content-length`, async (t) => {
    const listener = await openListener(t, async (request) => text(Number(request.path.slice(1)), "dropped"));
    for (const status of [204, 304]) {
      const answer = await ask(listener.port, { path: `/${status}` });
      assert.equal(answer.status, status);
      assert.equal(answer.header["content-length"], undefined);
      assert.equal(answer.body, "");
    }
  });

  test(`${name}: a header that cannot be sent is repaired and reported, the response is sent`, async (t) => {
    const listener = await openListener(t, async () =>
      text(200, "ok", [
        ["x-split", "a\r\nset-cookie: stolen=1"],
        ["x-snow", "☃"],
        ["x nul", "dropped"],
        ["x-latin", "é"],
        ["__proto__", "data"],
      ]),
    );
    const answer = await ask(listener.port);
    assert.equal(answer.status, 200);
    assert.equal(answer.header["x-split"], "a??set-cookie: stolen=1");
    assert.equal(answer.header["set-cookie"], undefined);
    assert.equal(answer.header["x-snow"], "?");
    assert.equal(answer.header["x-latin"], "é");
    assert.equal(answer.body, "ok");
    assert.equal(listener.errors.length, 3);
  });

  test(`${name}: header entries with one name all arrive, in order`, async (t) => {
    const listener = await openListener(t, async () =>
      text(200, "ok", [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ]),
    );
    assert.deepEqual((await ask(listener.port)).header["set-cookie"], ["a=1", "b=2"]);
  });

  test(`${name}: what the data plane does not know goes to the fallback`, async (t) => {
    const listener = await openListener(t, async () => undefined);
    const answer = await ask(listener.port, { path: "/debug/routes?x=1" });
    assert.equal(answer.status, 404);
    assert.equal(answer.body, "404 fallback /debug/routes?x=1");
    assert.equal(listener.activeCount, 0);
  });

  test(`${name}: a handler that rejects becomes a bare 500 that says nothing of the cause`, async (t) => {
    const listener = await openListener(t, async () => {
      throw new Error("secret");
    });
    const answer = await ask(listener.port, { path: "/boom" });
    assert.equal(answer.status, 500);
    assert.deepEqual(JSON.parse(answer.body), { code: 13, message: "internal error", details: [] });
    assert.deepEqual(listener.errors, ["GET /boom: secret"]);
  });

  test(`${name}: a status that is none becomes 500 and is reported`, async (t) => {
    const listener = await openListener(t, async () => text(99, "odd"));
    assert.equal((await ask(listener.port)).status, 500);
    assert.match(listener.errors[0] ?? "", /HTTP status 99/);
  });

  test(`${name}: a fallback that throws becomes a bare 500`, async (t) => {
    const listener = await openListener(t, async () => undefined, {
      fallback: () => {
        throw new Error("admin broke");
      },
    });
    assert.equal((await ask(listener.port)).status, 500);
    assert.deepEqual(listener.errors, ["GET /: admin broke"]);
  });

  test(`${name}: a response without a body has length zero`, async (t) => {
    const listener = await openListener(t, async () => ({ httpStatus: 200, header: new Header() }));
    const answer = await ask(listener.port);
    assert.equal(answer.body, "");
    assert.notEqual(answer.header["transfer-encoding"], "chunked");
  });

  test(`${name}: OPTIONS * is a question to the server and answered by the listener`, async (t) => {
    const listener = await openListener(t, async () => text(200, "reached"));
    assert.equal((await ask(listener.port, { method: "OPTIONS", path: "*" })).status, 204);
  });
}

test("a port that is taken rejects with Node's code", async (t) => {
  const listener = await openListener(t, async () => undefined);
  await assert.rejects(
    openListener(t, async () => undefined, { port: listener.port }),
    { code: "EADDRINUSE" },
  );
});
