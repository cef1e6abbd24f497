// Backends whose reflection lies, never ends or is made to do harm: it costs that file or route, never the process, and
// a sound service beside it serves. Node's own words for code that went wrong never show in what the gateway prints.
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, type MessageInitShape, setExtension, toBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { http } from "../../src/gen/google/api/annotations_pb.ts";
import { HttpRuleSchema } from "../../src/gen/google/api/http_pb.ts";
import { ServerReflectionRequestSchema } from "../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { eventually } from "../matrix/eventually.ts";
import {
  filesResponse,
  type ReflectionStream,
  respond,
  serveFiles,
  startBackend,
} from "../schema/reflection-backend.ts";
import { compileProto } from "../support/compile-proto.ts";
import { type FiredGateway, residentMegabytes, startFired } from "./gateway-under-fire.ts";

const sound = compileProto({
  "sound.proto": `
    syntax = "proto3"; package sound;
    import "google/api/annotations.proto";
    message M { string a = 1; }
    service Sound { rpc Get(M) returns (M) { option (google.api.http) = { get: "/sound/{a}" }; } }`,
});
const soundFiles: readonly SchemaFile[] = fromBinary(FileDescriptorSetSchema, sound.set).file.map(fileOf);

function fileOf(proto: FileDescriptorProto): SchemaFile {
  return { name: proto.name, bytes: toBinary(FileDescriptorProtoSchema, proto) };
}

type FileInit = MessageInitShape<typeof FileDescriptorProtoSchema>;
type RuleInit = MessageInitShape<typeof HttpRuleSchema>;

const message = {
  name: "M",
  field: [
    { name: "a", number: 1, type: 9, label: 1, jsonName: "a" },
    { name: "b", number: 2, type: 11, label: 1, typeName: ".bad.M", jsonName: "b" },
  ],
};

/** A file of package `bad` with one service that has a method for each rule. */
function badFile(rules: readonly RuleInit[], change: FileInit = {}): SchemaFile {
  const method = rules.map((rule, index) => {
    const options = create(MethodOptionsSchema);
    setExtension(options, http, create(HttpRuleSchema, rule));
    return { name: `M${index}`, inputType: ".bad.M", outputType: ".bad.M", options };
  });
  return fileOf(
    create(FileDescriptorProtoSchema, {
      name: "bad.proto",
      package: "bad",
      syntax: "proto3",
      dependency: ["google/api/annotations.proto"],
      messageType: [message],
      service: [{ name: "Bad", method }],
      ...change,
    }),
  );
}

const get = (template: string): RuleInit => ({ pattern: { case: "get", value: template } });
const manyOf = (template: string, additionalBindings: RuleInit[]): RuleInit => ({
  pattern: { case: "get", value: template },
  additionalBindings,
});
const custom = (kind: string): RuleInit => ({ pattern: { case: "custom", value: { kind, path: "/k" } } });

/** A message of so many text fields; the numbers that protobuf keeps for itself are passed over. */
function wide(count: number) {
  const field = Array.from({ length: count }, (_, i) => ({
    name: `f${i}`,
    number: i < 18_999 ? i + 1 : i + 1_001,
    type: 9 as const,
    label: 1 as const,
    jsonName: `f${i}`,
  }));
  return { name: "M", field };
}

interface Table {
  readonly routes: readonly unknown[];
  readonly refused: readonly { readonly template: string; readonly reason: string }[];
  readonly shadowed: readonly unknown[];
}

async function tableOf(gateway: FiredGateway): Promise<Table> {
  const { json } = await gateway.call("/debug/routes", { header: { accept: "application/json" } });
  return json as Table;
}

/** Runs a gateway over a backend with this reflection until the sound service has its route. */
async function whileServing(
  reflection: (stream: ReflectionStream) => void,
  check: (gateway: FiredGateway, table: Table) => Promise<void> | void,
): Promise<void> {
  const backend = await startBackend(["v1"], reflection);
  const gateway = await startFired([`127.0.0.1:${backend.port}`]);
  try {
    await eventually(async () => {
      const { status } = await gateway.call("/sound/x");
      // The backend implements nothing: its refusal shows that the call came through.
      assert.equal(status, 501, "the sound route does not serve");
    });
    await check(gateway, await tableOf(gateway));
    for (const accept of ["text/html", "text/plain"]) {
      const page = await gateway.call("/debug/routes", { header: { accept } });
      assert.equal(page.status, 200);
      if (accept === "text/html") assert.doesNotMatch(page.text, /<script>alert|"onload=|<img/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
      else assert.doesNotMatch(page.text, /[\x00-\x09\x0b-\x1f\x7f]/);
    }
    assert.ok((residentMegabytes(gateway.pid) ?? 0) < 1_500);
  } finally {
    assert.equal(await gateway.close(), 0);
    await backend.close();
  }
}

test("rules that name what is not there cost themselves, each with its reason", async () => {
  const bad = badFile([
    get("/bad/{nope}"),
    { pattern: { case: "post", value: "/bad" }, body: "nope" },
    { ...get("/bad2"), responseBody: "nope" },
    get("/bad3/{b}"),
    get("/bad4/{__proto__}"),
    get("/bad5/{constructor.prototype}"),
    get("/bad6/{a}/{a}"),
  ]);
  await whileServing(
    serveFiles(() => [...soundFiles, bad]),
    (_, table) => {
      assert.equal(table.refused.length, 7);
      assert.ok(table.refused.every(({ reason }) => reason !== ""));
    },
  );
});

test("templates and methods of any text are refused and shown as text", async () => {
  const texts = ["", "x", "//", "/{", "/{a={b}}", "/%zz", "/\0", "/a b", "/\n", "/\u{1F600}", "/a::"];
  const code = ['/x"><script>alert(1)</script>', "/<img src=x onerror=alert(1)>", "/\u001b[2J"];
  const long = [`/{a=${"*/".repeat(5_000)}*}`, `/${"x/".repeat(50_000)}x`, `/{${"b.".repeat(10_000)}a}`];
  const kinds = ["", "GET ", "G\r\nX: y", "<b>", "\0"].map(custom);
  const bad = badFile([...[...texts, ...code, ...long].map(get), ...kinds]);
  await whileServing(
    serveFiles(() => [...soundFiles, bad]),
    (_, table) => {
      assert.equal(table.refused.length, texts.length + code.length + long.length + kinds.length);
    },
  );
});

test("names of any text cost their file", async () => {
  const names = [
    "</script><script>alert(1)</script>",
    'a"b',
    "a\nb",
    "__proto__ ",
    "a;process.exit()",
    "\u2028",
  ];
  const files = names.map((name, i) =>
    badFile([get(`/n${i}`)], {
      name: `bad${i}.proto`,
      package: `bad${i}`,
      messageType: [{ ...message, name }],
    }),
  );
  const fileName = badFile([], { name: "../../</script>\n\0\u2028.proto", package: "odd", service: [] });
  await whileServing(
    serveFiles(() => [...soundFiles, ...files, fileName]),
    (_, table) => {
      assert.equal(table.routes.length, 1);
    },
  );
});

test("names that mean something to JavaScript are names", async () => {
  const field = ["__proto__", "toString", "hasOwnProperty", "constructor"].map((name, i) => ({
    name,
    number: i + 1,
    type: 9 as const,
    label: 1 as const,
    jsonName: name,
  }));
  const rule: RuleInit = { pattern: { case: "post", value: "/p/{__proto__}" }, body: "*" };
  await whileServing(
    serveFiles(() => [...soundFiles, badFile([rule], { messageType: [{ name: "M", field }] })]),
    async (gateway) => {
      const right = await gateway.call("/p/x", {
        body: '{"__proto__":"a","toString":"b","constructor":"c"}',
      });
      assert.equal(right.status, 501);
      assert.equal((await gateway.call("/p/x", { body: '{"valueOf":"a"}' })).status, 400);
    },
  );
});

test("10,000 additional bindings are 10,000 routes", async () => {
  const additionalBindings: RuleInit[] = Array.from({ length: 10_000 }, (_, i) => get(`/bad/${i}/{a}`));
  await whileServing(
    serveFiles(() => [...soundFiles, badFile([manyOf("/bad", additionalBindings)])]),
    async (gateway, table) => {
      assert.equal(table.routes.length, 10_002);
      assert.equal((await gateway.call("/bad/9999/x")).status, 501);
    },
  );
});

test("50,000 bindings of one path are one route, and the log tells of a hundred of the others", async () => {
  const additionalBindings: RuleInit[] = Array.from({ length: 50_000 }, () => get("/bad/{a}"));
  await whileServing(
    serveFiles(() => [...soundFiles, badFile([manyOf("/bad", additionalBindings)])]),
    (gateway, table) => {
      assert.equal(table.shadowed.length, 49_999);
      assert.match(gateway.output(), /"more":49899/);
    },
  );
});

test("templates made for backtracking do not make a router slow", async () => {
  const additionalBindings: RuleInit[] = Array.from({ length: 4_096 }, (_, mask) =>
    get(`/bt/${Array.from({ length: 12 }, (_, bit) => ((mask >> bit) & 1 ? "a" : "*")).join("/")}/end`),
  );
  await whileServing(
    serveFiles(() => [...soundFiles, badFile([manyOf("/bt", additionalBindings)])]),
    async (gateway) => {
      for (let i = 0; i < 20; i++) assert.equal((await gateway.call(`/bt/${"a/".repeat(12)}no`)).status, 404);
      assert.equal((await gateway.call(`/bt/${"a/".repeat(11)}x/end`)).status, 501);
    },
  );
});

test("a message of 50,000 fields serves, one of a million costs its file", async () => {
  const post: RuleInit = { pattern: { case: "post", value: "/bad" }, body: "*" };
  const large = badFile([post], { messageType: [wide(50_000)] });
  await whileServing(
    serveFiles(() => [...soundFiles, large]),
    async (gateway) => {
      assert.equal((await gateway.call("/bad", { body: '{"f49999":"x"}' })).status, 501);
    },
  );
  // Two bytes each, so that the file itself is of a lawful size.
  const fields = Buffer.alloc(2 * 1_000_000, Buffer.from([0x12, 0x00]));
  const body = Buffer.concat([Buffer.from([0x0a, 1, 0x4d]), fields]);
  const head = Buffer.from([0x22, ...varint(body.length)]);
  const bomb = {
    name: "bad.proto",
    bytes: Buffer.concat([Buffer.from("\x0a\x09bad.proto\x12\x03bad"), head, body]),
  };
  await whileServing(
    serveFiles(() => [...soundFiles, bomb]),
    (_, table) => assert.equal(table.routes.length, 1),
  );
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

test("files that import each other and themselves cost nothing but their own place", async () => {
  const circle = ["a", "b", "c"].map((name, i) =>
    badFile([get(`/c${i}`)], {
      name: `${name}.proto`,
      package: `bad${i}`,
      dependency: [
        "google/api/annotations.proto",
        `${"bca"[i]}.proto`,
        `${name}.proto`,
        "nobody/has/this.proto",
      ],
      messageType: [
        {
          name: "M",
          field: [{ name: "x", number: 1, type: 11, label: 1, typeName: `.bad${(i + 1) % 3}.M` }],
        },
      ],
    }),
  );
  await whileServing(
    serveFiles(() => [...soundFiles, ...circle]),
    () => undefined,
  );
});

test("reflection that brings a new import with every file ends at its limit, and the gateway answers meanwhile", async () => {
  const honest = serveFiles(() => soundFiles, ["endless.S", "sound.Sound"]);
  let sent = 0;
  await whileServing(
    (stream) => {
      honest({
        ...stream,
        on: (event: string, listener: (bytes: Buffer) => void) =>
          stream.on(event, (bytes: Buffer) => {
            const question =
              event === "data" ? fromBinary(ServerReflectionRequestSchema, bytes).messageRequest : undefined;
            const asked = typeof question?.value === "string" ? question.value : "";
            if (!/^(endless|f\d|g\d)/.test(asked)) return listener(bytes);
            sent++;
            const name = asked === "endless.S" ? "f0.proto" : asked;
            const dependency = [`f${sent}.proto`, `g${sent}.proto`];
            const file = create(FileDescriptorProtoSchema, { name, package: "endless", dependency });
            respond(stream, filesResponse(fileOf(file).bytes));
          }),
        write: (bytes: Buffer) => stream.write(bytes),
        end: () => stream.end(),
      } as unknown as ReflectionStream);
    },
    async (gateway) => {
      assert.ok(sent > 1_000);
      const { text } = await gateway.call("/debug/routes", { header: { accept: "text/plain" } });
      assert.match(text, /sends more than|endless/);
    },
  );
});
