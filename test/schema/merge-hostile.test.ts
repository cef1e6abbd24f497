import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  EnumValueOptionsSchema,
  type FieldDescriptorProto,
  type FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { mergeSchema } from "../../src/schema/merge-schema.ts";
import { formatProblem } from "../../src/schema/problem.ts";
import type { SchemaFile } from "../../src/schema/source.ts";
import { changeFile, compileFiles, inputOf, libraryProto, toSchemaFile } from "./schema-inputs.ts";

type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>;

const library = compileFiles({ "demo/library.proto": libraryProto });
const good = compileFiles({
  "good.proto": `syntax = "proto3"; package good; message Good { string id = 1; } service Goods { rpc Get(Good) returns (Good); }`,
});

/** Merges a bad file beside a good one of the same source; the good one must serve. */
function mergeBeside(...bad: SchemaFile[]): string[] {
  const schema = mergeSchema([inputOf("backend", [...bad, ...good])]);
  assert.deepEqual(
    schema.services.map(({ desc }) => desc.typeName),
    ["good.Goods"],
  );
  return schema.problems.map(formatProblem);
}

const text = new TextEncoder();
const bookProto = compileFiles({
  "bad.proto": `syntax = "proto3"; package bad; message Book { string id = 1; oneof o { int32 a = 2; int32 b = 3; } map<string, string> m = 4; enum E { Z = 0; } } service Bads { rpc Get(Book) returns (Book); }`,
})[0];
assert.ok(bookProto);
const broken = (change: (proto: FileDescriptorProto) => unknown): SchemaFile => changeFile(bookProto, change);

const costsItself: [reason: string, change: (proto: FileDescriptorProto) => unknown, problem: RegExp][] = [
  [
    "a type that is in no file",
    (p) => Object.assign(field(p), { typeName: ".bad.Nope", type: 11 }),
    /the type \.bad\.Nope of bad\.Book\.id is in no file/,
  ],
  ["a quote in a message name", (p) => Object.assign(message(p), { name: `Bo"ok` }), /no valid message name/],
  ["an empty message name", (p) => Object.assign(message(p), { name: "" }), /no valid message name/],
  [
    "a field name that is code",
    (p) => Object.assign(field(p), { name: "x;process.exit()" }),
    /no valid field name/,
  ],
  ["a package that is no identifier", (p) => Object.assign(p, { package: "a..b" }), /no valid package name/],
  ["field number 0", (p) => Object.assign(field(p), { number: 0 }), /has the number 0/],
  ["two fields of one number", (p) => Object.assign(field(p), { number: 2 }), /field number 2 twice/],
  [
    "a oneof that is not declared",
    (p) => Object.assign(field(p), { oneofIndex: 7 }),
    /oneof 7, which is not declared/,
  ],
  ["an enum without values", (p) => message(p).enumType[0]?.value.splice(0), /has no value/],
  ["a map entry without key", (p) => message(p).nestedType[0]?.field.shift(), /no valid map entry/],
  ["an unknown syntax", (p) => Object.assign(p, { syntax: "proto9" }), /syntax "proto9" is not supported/],
  [
    "an unknown edition",
    (p) => Object.assign(p, { syntax: "editions", edition: 99997 }),
    /edition 99997 is not supported/,
  ],
  [
    "a method whose input is an enum",
    (p) => Object.assign(p.service[0]?.method[0] ?? {}, { inputType: ".bad.Book.E" }),
    /is no message/,
  ],
  [
    "a default value of another type",
    (p) => Object.assign(field(p), { type: 5, defaultValue: "ten" }),
    /default value/,
  ],
  ["a symbol twice", (p) => p.messageType.push(...p.messageType), /declared twice/],
  [
    "a name of 300 characters",
    (p) => Object.assign(message(p), { name: "a".repeat(300) }),
    /longer than 255/,
  ],
  [
    "a custom enum option that is garbage",
    (p) => {
      const value = p.messageType[0]?.enumType[0]?.value[0];
      const data = new Uint8Array([5, 0xff, 0xff, 0xff, 0xff, 0xff]);
      if (value) {
        value.options = create(EnumValueOptionsSchema);
        value.options.$unknown = [{ no: 998, wireType: 2, data }];
      }
    },
    /left out/,
  ],
];

function message(proto: FileDescriptorProto): DescriptorProto {
  const found = proto.messageType[0];
  assert.ok(found);
  return found;
}

function field(proto: FileDescriptorProto): FieldDescriptorProto {
  const found = message(proto).field[0];
  assert.ok(found);
  return found;
}

for (const [reason, change, problem] of costsItself) {
  test(`a file with ${reason} costs itself only`, () => {
    const problems = mergeBeside(broken(change));
    assert.ok(
      problems.some((it) => problem.test(it)),
      problems.join("\n"),
    );
    assert.ok(
      problems.every((it) => it.includes("source of backend")),
      problems.join("\n"),
    );
  });
}

test("bytes that are no descriptor cost that file", () => {
  const problems = mergeBeside({ name: "junk.proto", bytes: text.encode("not a descriptor at all") });
  assert.match(
    problems[0] ?? "",
    /^junk\.proto in source of backend: not a google\.protobuf\.FileDescriptorProto/,
  );
});

test("a file that uses types of a file that is left out is left out too", () => {
  const files = compileFiles({
    "base.proto": `syntax = "proto3"; package x; message Base { Gone gone = 1; } message Gone {}`,
    "user.proto": `syntax = "proto3"; package x; import "base.proto"; message User { Base base = 1; } service Users { rpc Get(User) returns (User); }`,
  }).map((file) =>
    changeFile(file, (proto) => void (proto.name === "base.proto" && proto.messageType.pop())),
  );
  const problems = mergeBeside(...files);
  assert.deepEqual(problems, [
    "base.proto in source of backend: the type .x.Gone of x.Base.gone is in no file; the file is left out",
    "user.proto in source of backend: it uses types of base.proto, which is left out; so is this file",
    "source of backend: offers x.Users, of which there is no usable descriptor",
  ]);
});

test("a file that cannot be used does not keep its names from a source that declares them soundly", () => {
  for (const change of [
    (proto: FileDescriptorProto) => Object.assign(field(proto), { typeName: ".good.Nope", type: 11 }),
    (proto: FileDescriptorProto) => Object.assign(field(proto), { number: 0 }),
  ]) {
    const bad = good.map((file) => changeFile(file, change));
    const schema = mergeSchema([inputOf("bad", bad), inputOf("sane", good)]);
    assert.deepEqual(
      schema.services.map(({ desc, upstreams }) => [desc.typeName, upstreams]),
      [["good.Goods", ["sane"]]],
    );
    assert.match(schema.problems[0]?.place ?? "", /good\.proto in source of bad/);
    assert.match(schema.problems[1]?.message ?? "", /^good\.Goods is refused: .* which cannot be used/);
    assert.equal(schema.problems.length, 2);
  }
});

test("names that mean something to JavaScript are data", () => {
  const files = compileFiles({
    "proto.proto": `syntax = "proto3"; package constructor; message __proto__ { string constructor = 1; string __proto__ = 2; string toString = 3; } service hasOwnProperty { rpc __proto__(.constructor.__proto__) returns (.constructor.__proto__); }`,
  });
  const schema = mergeSchema([inputOf("backend", files)]);
  assert.deepEqual(schema.problems, []);
  assert.equal(schema.services[0]?.desc.typeName, "constructor.hasOwnProperty");
  assert.equal(schema.registry.getMessage("constructor.__proto__")?.fields.length, 3);
  assert.equal(({} as Record<string, unknown>).fields, undefined);
});

test("files that import each other in a circle serve when their types do not", () => {
  const files = compileFiles({
    "a.proto": `syntax = "proto3"; package c; message A { string id = 1; } service As { rpc Get(A) returns (A); }`,
    "b.proto": `syntax = "proto3"; package c; import "a.proto"; message B { A a = 1; }`,
  }).map((file) =>
    changeFile(file, (proto) => void (proto.name === "a.proto" && proto.dependency.push("b.proto"))),
  );
  const schema = mergeSchema([inputOf("backend", files)]);
  assert.deepEqual(schema.problems, []);
  assert.deepEqual(
    schema.files.map(({ name }) => name),
    ["a.proto", "b.proto"],
  );
  assert.deepEqual(schema.registry.getFile("a.proto")?.proto.dependency, []);
});

test("files merged by package that use each other's types are taken apart and serve", () => {
  const type = (typeName: string): FieldInit => ({
    name: "f",
    number: 1,
    label: 1,
    type: 11,
    typeName,
    jsonName: "f",
  });
  const get = { name: "Get", inputType: ".shop.Order", outputType: ".shop.Order" };
  const files = [
    create(FileDescriptorProtoSchema, {
      name: "shop.proto",
      package: "shop",
      syntax: "proto3",
      messageType: [{ name: "Order", field: [type(".common.Page")] }, { name: "Id" }],
      service: [{ name: "Shop", method: [get] }],
    }),
    create(FileDescriptorProtoSchema, {
      name: "common.proto",
      package: "common",
      syntax: "proto3",
      messageType: [{ name: "Page", field: [type(".shop.Id")] }],
    }),
  ];
  const schema = mergeSchema([inputOf("backend", files.map(toSchemaFile))]);
  assert.deepEqual(schema.problems, []);
  assert.deepEqual(
    schema.files.map(({ name }) => name),
    ["shop~2.proto", "common.proto", "shop.proto"],
  );
  assert.equal(schema.services[0]?.desc.methods[0]?.input.fields[0]?.message?.typeName, "common.Page");
  assert.equal(schema.registry.getMessage("shop.Id")?.file.proto.package, "shop");
});

test("messages of two files that contain each other cost both files", () => {
  const type = (typeName: string): FieldInit => ({
    name: "f",
    number: 1,
    label: 1,
    type: 11,
    typeName,
    jsonName: "f",
  });
  const files = [
    ["a", ".b.M"],
    ["b", ".a.M"],
  ].map(([pkg, other = ""]) =>
    toSchemaFile(
      create(FileDescriptorProtoSchema, {
        name: `${pkg}.proto`,
        package: pkg ?? "",
        messageType: [{ name: "M", field: [type(other)] }],
      }),
    ),
  );
  const problems = mergeBeside(...files);
  assert.deepEqual(problems, [
    "b.proto in source of backend: the files a.proto, b.proto use each other's types in a circle; the file is left out",
    "a.proto in source of backend: the files a.proto, b.proto use each other's types in a circle; the file is left out",
  ]);
});

test("a file that imports itself serves", () => {
  const files = good.map((file) => changeFile(file, (proto) => void proto.dependency.push("good.proto")));
  const schema = mergeSchema([inputOf("backend", files)]);
  assert.deepEqual(schema.problems, []);
  assert.equal(schema.services.length, 1);
});

test("a chain of thousands of files, each importing two before it, is linked", () => {
  const files = Array.from({ length: 5_000 }, (_, index) =>
    toSchemaFile(
      create(FileDescriptorProtoSchema, {
        name: `f${index}.proto`,
        package: "chain",
        syntax: "proto3",
        dependency: index < 2 ? [] : [`f${index - 1}.proto`, `f${index - 2}.proto`],
        publicDependency: index < 2 ? [] : [0, 1],
        messageType: [
          {
            name: `M${index}`,
            field:
              index < 2
                ? []
                : [{ name: "m", number: 1, label: 1, type: 11, typeName: `.chain.M${index - 2}` }],
          },
        ],
      }),
    ),
  );
  const schema = mergeSchema([inputOf("backend", files.toReversed())]);
  assert.deepEqual(schema.problems, []);
  assert.equal(schema.files.length, 5_000);
});

test("a million fields cost the file", () => {
  const fields = Buffer.alloc(1_000_000 * 2, Buffer.from([0x12, 0x00]));
  const message = Buffer.concat([Buffer.from([0x0a, 1, 0x4d]), fields]);
  const length = [
    (message.length & 0x7f) | 0x80,
    ((message.length >> 7) & 0x7f) | 0x80,
    ((message.length >> 14) & 0x7f) | 0x80,
    message.length >> 21,
  ];
  const bytes = Buffer.concat([Buffer.from([0x0a, 1, 0x66, 0x22, ...length]), message]);
  const problems = mergeBeside({ name: "f", bytes });
  assert.match(problems[0] ?? "", /more than 250000 elements/);
});

test("a file of more bytes than a file may have is left out undecoded", () => {
  const problems = mergeBeside({ name: "big.proto", bytes: new Uint8Array(17 * 1024 * 1024) });
  assert.match(problems[0] ?? "", /the limit for one file is 16777216/);
});

test("nesting deeper than a decoder goes costs the file", () => {
  let bytes: Uint8Array = toBinary(DescriptorProtoSchema, create(DescriptorProtoSchema, { name: "Leaf" }));
  for (let depth = 0; depth < 5_000; depth++) {
    const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
    bytes = new Uint8Array(Buffer.concat([Buffer.from([0x0a, 1, 0x4d, 0x1a, ...length]), bytes]));
    if (bytes.length > 16_000) break;
  }
  const file = Buffer.concat([
    Buffer.from([0x0a, 1, 0x66, 0x22, (bytes.length & 0x7f) | 0x80, (bytes.length >> 7) & 0xff]),
    bytes,
  ]);
  assert.match(mergeBeside({ name: "f", bytes: file })[0] ?? "", /recursion|not a google/);
});

test("files beyond the limits of a source are left out and told once", () => {
  const limits = { files: 2, bytes: 1e6, fileBytes: 1e6, objects: 1e6, fileObjects: 1e6 };
  const schema = mergeSchema([inputOf("backend", [...library, ...good])], limits);
  assert.equal(schema.problems.filter(({ message }) => message.includes("beyond the limits")).length, 1);
});

test("thousands of broken files are told as a hundred problems and a count", () => {
  const bad = Array.from({ length: 3_000 }, (_, index) => ({
    name: `${index}.proto`,
    bytes: text.encode(`junk ${index}`),
  }));
  const problems = mergeBeside(...bad);
  assert.equal(problems.length, 101);
  assert.match(problems.at(-1) ?? "", /2900 more problems/);
});

test("Go's placeholder for an import it does not have is passed over", () => {
  const placeholder = toSchemaFile(
    create(FileDescriptorProtoSchema, { name: "gone.proto", syntax: "<unknown:0>" }),
  );
  const files = good.map((file) => changeFile(file, (proto) => void proto.dependency.push("gone.proto")));
  const schema = mergeSchema([inputOf("backend", [placeholder, ...files])]);
  assert.deepEqual(schema.problems, []);
  assert.equal(schema.services.length, 1);
});

test("whatever happens to the bytes of a file, merging does not throw and other sources serve", () => {
  const original = library.find(({ name }) => name === "demo/library.proto");
  assert.ok(original);
  const edit = fc.record({ at: fc.nat(original.bytes.length - 1), byte: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const bytes = Uint8Array.from(original.bytes);
      for (const { at, byte } of edits) bytes[at] = byte;
      const schema = mergeSchema([
        inputOf("mad", [{ name: "demo/library.proto", bytes }]),
        inputOf("sane", good),
      ]);
      const sane = schema.services.find(({ desc }) => desc.typeName === "good.Goods");
      assert.deepEqual(sane?.upstreams.includes("sane"), true);
    }),
    { numRuns: 300 },
  );
});
