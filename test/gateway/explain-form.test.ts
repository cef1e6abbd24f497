// What explain says of bodies that are no plain JSON: forms with files part by part, and labels that are wrong.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Explanation } from "../../src/gateway/explanation.ts";
import { Header } from "../../src/rpc/header.ts";
import { dialects, type ProfileName } from "../../src/transcode/dialect.ts";
import { compileFiles } from "../schema/schema-inputs.ts";
import { openGateway, reading, ScriptedSource } from "./gateway-fixture.ts";

const files = compileFiles({
  "forms.proto": `syntax = "proto3"; package t;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
message Page { string text = 1; int32 number = 2; }
message Form { string id = 1; string title = 2; bytes data = 3; google.api.HttpBody file = 4; Page page = 5; }
service Forms {
  rpc Put(Form) returns (Form) { option (google.api.http) = { post: "/forms/{id}" body: "*" }; }
  rpc PutPage(Form) returns (Form) { option (google.api.http) = { post: "/forms/{id}/page" body: "page" }; }
  rpc PutData(Form) returns (Form) { option (google.api.http) = { post: "/forms/{id}/data" body: "data" }; }
  rpc PutFile(Form) returns (Form) { option (google.api.http) = { post: "/forms/{id}/file" body: "file" }; }
  rpc Send(stream Form) returns (Form) { option (google.api.http) = { post: "/forms/{id}:send" body: "*" }; }
  rpc Watch(Form) returns (stream Form) { option (google.api.http) = { get: "/forms/{id}:watch" }; }
}`,
});

interface Asked {
  readonly type?: string;
  readonly profile?: ProfileName;
  readonly httpMethod?: string;
  readonly accept?: string;
}

async function explain(
  context: TestContext,
  target: string,
  body: string | Uint8Array,
  {
    type = "multipart/form-data; boundary=xx",
    profile = "standard",
    httpMethod = "POST",
    accept,
  }: Asked = {},
): Promise<Explanation> {
  const source = new ScriptedSource("source", ["up"], reading(files));
  const gateway = openGateway(context, { sources: [source], dialect: dialects[profile] });
  await gateway.firstPass;
  const header = new Header(["content-type", type]);
  if (accept !== undefined) header.append("accept", accept);
  return gateway.explain({ httpMethod, target, header, body: Buffer.from(body) });
}

const end = "--xx--\r\n";
const text = (name: string, value: string): string =>
  `--xx\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (name: string, content: string, type = "text/csv"): string =>
  `--xx\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`;

function steps({ bindings }: Explanation): unknown[] {
  return bindings.map(({ from, key, text, field, type, outcome }) => [from, key, text, field, type, outcome]);
}

function messages({ backend }: Explanation): unknown[] {
  const json = (backend?.json ?? "").trim();
  return JSON.parse(`[${json.replaceAll(/\}\n\{/g, "},{")}]`) as unknown[];
}

test("each part of a form is told with its field, and the message that they make", async (t) => {
  const body =
    text("title", "Dune") + text("page.number", "7") + file("data", "\0\u0001") + file("file", "a,b") + end;
  const explanation = await explain(t, "/forms/9", body);
  assert.equal(explanation.error, null);
  assert.deepEqual(steps(explanation), [
    ["path", "id", "9", "id", "string", "bound"],
    ["body", "title", "Dune", "title", "string", "bound"],
    ["body", "page.number", "7", "page.number", "int32", "bound"],
    ["body", "data", "file of 2 bytes, text/csv", "data", "bytes", "bound"],
    ["body", "file", "file of 3 bytes, text/csv", "file", "google.api.HttpBody", "bound"],
  ]);
  assert.deepEqual(messages(explanation), [
    {
      id: "9",
      title: "Dune",
      page: { number: 7 },
      data: "AAE=",
      file: { contentType: "text/csv", data: "YSxi" },
    },
  ]);
});

test("parts are relative to the body's field", async (t) => {
  const explanation = await explain(t, "/forms/9/page?title=T", text("number", "7") + end);
  assert.deepEqual(steps(explanation), [
    ["path", "id", "9", "id", "string", "bound"],
    ["query", "title", "T", "title", "string", "bound"],
    ["body", "number", "7", "page.number", "int32", "bound"],
  ]);
  assert.deepEqual(messages(explanation), [{ id: "9", title: "T", page: { number: 7 } }]);
});

test("a body of bytes takes one file, whatever its name, and no text", async (t) => {
  const one = await explain(t, "/forms/9/data", file("upload", "ab") + end);
  assert.deepEqual(steps(one).at(-1), [
    "body",
    "upload",
    "file of 2 bytes, text/csv",
    "data",
    "bytes",
    "bound",
  ]);
  assert.deepEqual(messages(one), [{ id: "9", data: "YWI=" }]);
  const two = await explain(t, "/forms/9/data", file("a", "1") + file("b", "2") + end);
  assert.deepEqual(
    two.bindings.map(({ outcome }) => outcome),
    ["bound", "refused", "refused"],
  );
  assert.match(two.error?.message ?? "", /which a form cannot carry alone/);
});

test("an HttpBody takes the form itself, which is not cut", async (t) => {
  const explanation = await explain(t, "/forms/9/file", file("upload", "ab") + end);
  assert.equal(explanation.bindings.at(-1)?.field, "file");
  assert.match(JSON.stringify(messages(explanation)), /multipart\/form-data; boundary=xx/);
});

test("every part that is refused is told why, the error is that of the first", async (t) => {
  const body = text("page.number", "x") + text("nope", "1") + text("title", "a") + text("title", "b") + end;
  const { error, backend, bindings } = await explain(t, "/forms/9", body);
  assert.equal(backend, null);
  assert.deepEqual([error?.httpStatus, error?.code], [400, "INVALID_ARGUMENT"]);
  assert.match(error?.message ?? "", /^form field "page.number": expected int32, got "x"$/);
  assert.deepEqual(
    bindings.map(({ key, outcome, reason }) => [key, outcome, reason]),
    [
      ["id", "bound", undefined],
      ["page.number", "refused", 'expected int32, got "x"'],
      ["nope", "refused", 'no field "nope" in t.Form'],
      ["title", "bound", undefined],
      ["title", "refused", 'given twice, and "title" is not repeated'],
    ],
  );
});

test("a part that the path binds, or that names nothing where that is ignored, is told as ignored", async (t) => {
  const body = text("id", "8") + text("nope", "1") + text("title", "a") + end;
  const explanation = await explain(t, "/forms/9", body, { profile: "grpc-gateway" });
  assert.deepEqual(
    explanation.bindings.map(({ key, outcome }) => [key, outcome]),
    [
      ["id", "bound"],
      ["id", "ignored"],
      ["nope", "ignored"],
      ["title", "bound"],
    ],
  );
  assert.deepEqual(messages(explanation), [{ id: "9", title: "a" }]);
});

test("a form of a client stream is told message by message, a file ends one", async (t) => {
  const body = text("title", "a") + file("data", "1") + text("title", "b") + text("title", "c") + end;
  const explanation = await explain(t, "/forms/9:send", body);
  assert.match(explanation.error?.message ?? "", /form field "title": given twice/);
  const good = await explain(
    t,
    "/forms/9:send",
    text("title", "a") + file("data", "1") + file("data", "2") + end,
  );
  assert.deepEqual(messages(good), [{ id: "9", title: "a", data: "MQ==" }, { data: "Mg==" }]);
  assert.equal(good.bindings.at(-1)?.reason, "each piece of the file that arrives is a message");
});

test("a form that breaks off is told with what came before, the place and what would mend it", async (t) => {
  const before = text("title", "Dune");
  const { error, backend, bindings } = await explain(t, "/forms/9", before + text("data", "x"));
  assert.equal(backend, null);
  assert.equal(error?.httpStatus, 400);
  assert.equal(error?.message, "body: malformed multipart/form-data: it ends before its last boundary");
  const [, title, place] = bindings;
  assert.deepEqual([title?.key, title?.outcome], ["title", "bound"]);
  assert.equal(place?.outcome, "refused");
  assert.equal(place?.key, `in part 2, byte ${(before + text("data", "x")).length}`);
  assert.match(place?.reason ?? "", /the last line would be "--xx--"$/);
  const loose = await explain(t, "/forms/9", (before + end).replaceAll("\r\n", "\n"));
  assert.match(loose.bindings.at(-1)?.reason ?? "", /CR LF/);
});

test("a large form is told by its first parts and the ones that are refused", async (t) => {
  const body = `${text("page.text", "x")}${text("nope", "1").repeat(200)}${text("title", "a").repeat(500)}${end}`;
  const { bindings } = await explain(t, "/forms/9", body, { profile: "grpc-gateway" });
  const told = bindings.filter(({ from }) => from === "body");
  assert.equal(told.filter(({ outcome }) => outcome === "ignored").length, 99 + 1);
  assert.equal(told.filter(({ outcome }) => outcome === "refused").length, 499);
  assert.match(told.at(-1)?.reason ?? "", /^102 more parts are not told here$/);
});

test("hostile forms are told, never thrown at", async (t) => {
  const names = [
    "__proto__",
    "constructor.prototype",
    "a".repeat(1_024),
    "page.page.page",
    "labels[",
    "\u0000",
    '\\"',
  ];
  for (const target of ["/forms/9", "/forms/9/page", "/forms/9/data", "/forms/9:send"]) {
    for (const body of [
      ...names.map((name) => text(name, "1") + end),
      file("data", "x".repeat(1_000_000)) + end,
      "--xx\r\n".repeat(10_000),
      end,
      "\r\n".repeat(10_000),
    ]) {
      const { outcome, error, backend } = await explain(t, target, body);
      assert.equal(outcome, "route");
      assert.notEqual(error === null, backend === null, `${target} ${body.slice(0, 100)}`);
    }
  }
  const latin = Buffer.from(text("title", "\xff") + end, "latin1");
  const { error, bindings } = await explain(t, "/forms/9", latin);
  assert.match(error?.message ?? "", /not UTF-8/);
  assert.equal(bindings.at(-1)?.text, "1 bytes");
});

const labels: readonly [profile: ProfileName, type: string, body: string, httpStatus: number, why: string][] =
  [
    ["standard", "application/x-www-form-urlencoded", '{"title":"a"}', 415, "JSON labelled as a form"],
    ["grpc-gateway", "application/x-www-form-urlencoded", '{"title":"a"}', 200, "any body is JSON"],
    ["grpc-gateway", "application/x-www-form-urlencoded", "title=a", 200, "a form is one"],
    ["standard", "text/plain", '{"title":"a"}', 415, "text is no message"],
    ["grpc-gateway", "text/plain", '{"title":"a"}', 200, "any body is JSON"],
    ["grpc-gateway", "rubbish", '{"title":"a"}', 200, "likewise"],
    ["grpc-gateway", "rubbish", "title=a", 400, "what is none is broken JSON"],
  ];
for (const [profile, type, body, httpStatus, why] of labels) {
  test(`${body} as ${type} is told as ${httpStatus} in the ${profile} profile: ${why}`, async (t) => {
    const explanation = await explain(t, "/forms/9", body, { profile, type });
    assert.equal(explanation.error?.httpStatus ?? explanation.success?.httpStatus, httpStatus);
    if (httpStatus !== 200) return;
    assert.deepEqual(messages(explanation), [{ title: "a", id: "9" }]);
    assert.ok(explanation.bindings.every(({ outcome }) => outcome === "bound"));
  });
}

test("a stream of binary messages is told as 415, a stream of replies as protobuf as 406", async (t) => {
  const sent = await explain(t, "/forms/9:send", "\n\u0001a", { type: "application/protobuf" });
  assert.equal(sent.error?.httpStatus, 415);
  assert.match(sent.error?.message ?? "", /gRPC, Connect or WebSocket$/);
  const options = { httpMethod: "GET", type: "application/json" };
  const asked = await explain(t, "/forms/9:watch", "", { ...options, accept: "application/protobuf" });
  assert.equal(asked.error?.httpStatus, 406);
  const other = await explain(t, "/forms/9:watch", "", { ...options, accept: "application/protobuf, */*" });
  assert.equal(other.success?.contentType, "application/json");
});
