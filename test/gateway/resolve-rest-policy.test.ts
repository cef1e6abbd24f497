// Who has a say in a method's REST policy, who wins, and what becomes of what cannot work.
import assert from "node:assert/strict";
import { test } from "node:test";
import { notesFiles, resolve, settingsOf } from "./policy-fixture.ts";

const option = (rest: string): string => `option (protogate.v1.method) = { rest { ${rest} } };`;
const get = (rest: string): string => `rpc Get(Note) returns (Note) { ${option(rest)} }`;

test("without a word the profile decides everything", () => {
  const notes = resolve(notesFiles("rpc Get(Note) returns (Note);"), [], "grpc-gateway");
  assert.equal(notes.said("Get", "emitDefaults"), "true by profile grpc-gateway");
  assert.equal(notes.said("Get", "successStatus"), "200 by profile grpc-gateway");
  assert.equal(notes.of("Get").updateMask, "infer");
  assert.deepEqual(notes.told, []);
});

test("every key of the options file is read", () => {
  const notes = resolve(
    notesFiles(`rpc Get(Note) returns (Note) { ${option(`
      unknown_fields: IGNORE emit_defaults: true enum_numbers: true proto_names: true int64_numbers: true
      update_mask: INFER success_status: 201 location: "name"
      header { name: "X-Tenant" field: "context.tenant" } header { name: "x-size" field: "size" }
      cookie { name: "Session" field: "title" }`)} }
    rpc Watch(Note) returns (stream Note) { ${option("stream_format: SSE stream_envelope: true")} }`),
  );
  assert.deepEqual(notes.told, []);
  assert.deepEqual(notes.of("Get"), {
    json: {
      unknownFields: "ignore",
      emitDefaults: true,
      enumNumbers: true,
      protoNames: true,
      int64Numbers: true,
    },
    updateMask: "infer",
    successStatus: 201,
    location: "name",
    streamFormat: "array",
    streamEnvelope: false,
    headerBindings: [
      { name: "x-tenant", field: "context.tenant" },
      { name: "x-size", field: "size" },
    ],
    cookieBindings: [{ name: "Session", field: "title" }],
  });
  assert.equal(notes.of("Watch").streamFormat, "sse");
  assert.equal(notes.of("Watch").streamEnvelope, true);
});

test("config beats method option beats service option beats profile, key by key", () => {
  const files = notesFiles(`option (protogate.v1.service) = { rest {
      emit_defaults: true enum_numbers: true proto_names: true
    } };
    rpc Get(Note) returns (Note) {
      ${option("emit_defaults: false enum_numbers: false success_status: 202")}
    }
    rpc List(Note) returns (Note);`);
  const notes = resolve(
    files,
    [
      settingsOf("*", { enumNumbers: true, unknownFields: "refuse" }),
      settingsOf("t.Notes.Get", { successStatus: 203 }, 9),
    ],
    "grpc-gateway",
  );
  assert.deepEqual(notes.told, []);
  assert.deepEqual(
    ["successStatus", "enumNumbers", "emitDefaults", "protoNames", "unknownFields", "updateMask"].map((key) =>
      notes.said("Get", key),
    ),
    [
      "203 by p.yaml:10:5",
      "true by p.yaml:2:5",
      "false by option in notes.proto:25",
      "true by service option in notes.proto:21",
      "refuse by p.yaml:3:5",
      "infer by profile grpc-gateway",
    ],
  );
  assert.equal(notes.said("List", "successStatus"), "200 by profile grpc-gateway");
  assert.equal(notes.said("List", "emitDefaults"), "true by service option in notes.proto:21");
});

test("of the config's selectors the last one that matches wins, key by key", () => {
  const notes = resolve(notesFiles("rpc Get(Note) returns (Note); rpc List(Note) returns (Note);"), [
    settingsOf("t.Notes.Get", { successStatus: 201, protoNames: true }, 1),
    settingsOf("t.*", { successStatus: 202 }, 4),
    settingsOf("t.Notes.List", { successStatus: 203 }, 6),
  ]);
  assert.equal(notes.said("Get", "successStatus"), "202 by p.yaml:5:5");
  assert.equal(notes.said("Get", "protoNames"), "true by p.yaml:3:5");
  assert.equal(notes.said("List", "successStatus"), "203 by p.yaml:7:5");
});

test("a list replaces the lower level's as a whole, and the config can empty it", () => {
  const header = (name: string): string => `header { name: "${name}" field: "name" }`;
  const files =
    notesFiles(`option (protogate.v1.service) = { rest { ${header("a")} ${header("b")} location: "name" } };
    rpc Get(Note) returns (Note) { ${option(header("c"))} }
    rpc List(Note) returns (Note);`);
  const notes = resolve(files, [settingsOf("t.Notes.List", { header: [], location: "" })]);
  assert.deepEqual(notes.of("Get").headerBindings, [{ name: "c", field: "name" }]);
  assert.equal(notes.said("List", "header"), "none by p.yaml:2:5");
  assert.equal(notes.said("List", "location"), "none by p.yaml:3:5");
});

test("an option with default values says something, an enum's zero nothing", () => {
  const files =
    notesFiles(`option (protogate.v1.service) = { rest { emit_defaults: true update_mask: INFER } };
    ${get("emit_defaults: false update_mask: UPDATE_MASK_UNSPECIFIED")}`);
  const notes = resolve(files);
  assert.equal(notes.of("Get").json.emitDefaults, false);
  assert.equal(notes.of("Get").updateMask, "infer");
});

test("options count although the backend's schema lacks the file that declares them", () => {
  const files = notesFiles(get("success_status: 201")).filter(({ name }) => !name.startsWith("protogate/"));
  const notes = resolve(files);
  assert.deepEqual(notes.told, []);
  assert.equal(notes.of("Get").successStatus, 201);
});

/** An option of `Get`, what is told of it, why. All of them leave the status to the service's option. */
const wrong: readonly (readonly [rest: string, message: string, reason: string])[] = [
  [
    "success_status: 99",
    "rest.success_status of t.Notes.Get is refused: expected a status from 200 to 299, but neither 205 nor 206, got 99",
    "no HTTP status",
  ],
  [
    "success_status: 206",
    "rest.success_status of t.Notes.Get is refused: expected a status from 200 to 299, but neither 205 nor 206, got 206",
    "a promise that a reply does not keep",
  ],
  [
    'location: "nme"',
    'rest.location of t.Notes.Get is refused: no field "nme" in t.Note',
    "a field that the reply does not have",
  ],
  [
    'location: "labels"',
    'rest.location of t.Notes.Get is refused: "labels" is map<string, string>, which cannot stand in a URI',
    "a field without a text",
  ],
  [
    'header { name: "x-a" field: "context.nope" }',
    'rest.header x-a of t.Notes.Get is refused: no field "nope" in t.Context',
    "a field that the request does not have",
  ],
  [
    'header { name: "x-a" field: "context" }',
    'rest.header x-a of t.Notes.Get is refused: "context" is t.Context, which a header cannot carry',
    "a message has no text form",
  ],
  [
    'header { name: "x a" field: "name" }',
    'rest.header x a of t.Notes.Get is refused: expected a name of letters, digits and !#$%&\'*+-.^_`|~, got "x a"',
    "no header's name",
  ],
  [
    'header { name: "a\\nb" field: "name" }',
    'rest.header a\\u{a}b of t.Notes.Get is refused: expected a name of letters, digits and !#$%&\'*+-.^_`|~, got "a\\\\u{a}b"',
    "a name that would forge a line of a log",
  ],
  ['cookie { name: "s" }', "rest.cookie s of t.Notes.Get is refused: it names no field", "half a binding"],
  [
    "stream_format: SSE",
    "rest.stream_format of t.Notes.Get is refused: the reply is no stream",
    "an option that would do nothing",
  ],
];
for (const [rest, message, reason] of wrong) {
  test(`\`${rest}\` is refused with its place, and the next level counts: ${reason}`, () => {
    const notes = resolve(
      notesFiles(`option (protogate.v1.service) = { rest { success_status: 202 } };\n${get(rest)}`),
    );
    assert.deepEqual(notes.told, [`option in notes.proto:22: ${message}`]);
    assert.equal(notes.said("Get", "successStatus"), "202 by service option in notes.proto:21");
    assert.deepEqual(notes.of("Get").headerBindings, []);
    assert.equal(notes.of("Get").location, "");
  });
}

test("one wrong binding costs the others nothing", () => {
  const notes = resolve(
    notesFiles(get('header { name: "a" field: "nope" } header { name: "b" field: "name" }')),
  );
  assert.deepEqual(notes.of("Get").headerBindings, [{ name: "b", field: "name" }]);
  assert.equal(notes.told.length, 1);
});

test("a reply that is a stream has neither a status nor a Location of its own", () => {
  const notes = resolve(
    notesFiles(`rpc Watch(Note) returns (stream Note) { ${option('success_status: 201 location: "name"')} }`),
  );
  assert.equal(notes.of("Watch").successStatus, 200);
  assert.deepEqual(
    notes.told.map((text) => text.replace(/ of t.*/, "")),
    ["option in notes.proto:21: rest.success_status", "option in notes.proto:21: rest.location"],
  );
});

test("what a service says for all methods is left out where it does not fit", () => {
  const notes = resolve(
    notesFiles(`option (protogate.v1.service) = { rest {
      location: "name" success_status: 201 header { name: "x-name" field: "name" } stream_format: SSE
    } };
    rpc Get(Note) returns (Note);
    rpc Empty(Bare) returns (Bare);
    rpc Watch(Bare) returns (stream Note);`),
  );
  assert.deepEqual(notes.told, []);
  assert.equal(notes.of("Get").location, "name");
  assert.equal(notes.of("Get").headerBindings.length, 1);
  assert.equal(notes.of("Empty").location, "");
  assert.equal(notes.of("Empty").successStatus, 201);
  assert.equal(notes.of("Watch").successStatus, 200);
  assert.equal(notes.of("Watch").streamFormat, "sse");
});

test("what fits no method at all is told, though others outvote it", () => {
  const notes = resolve(
    notesFiles(`option (protogate.v1.service) = { rest { header { name: "x-a" field: "nope" } } };
    ${get('header { name: "x-b" field: "name" }')}
    rpc List(Note) returns (Note);`),
    [settingsOf("t.*", { streamFormat: "sse" })],
  );
  assert.deepEqual(notes.told, [
    "p.yaml:2:5: rest.streamFormat fits no method of t.*, t.Notes.Get among them: the reply is no stream",
    'service option in notes.proto:21: rest.header x-a fits no method of t.Notes, t.Notes.Get among them: no field "nope" in t.Note',
  ]);
});

test("of two fields that one header fills, the one that no method has is told", () => {
  const notes = resolve(notesFiles("rpc Get(Note) returns (Note);"), [
    settingsOf("*", {
      header: [
        { name: "x-a", field: "name" },
        { name: "x-a", field: "nope" },
      ],
    }),
  ]);
  assert.deepEqual(notes.of("Get").headerBindings, [{ name: "x-a", field: "name" }]);
  assert.deepEqual(notes.told, [
    'p.yaml:2:5: rest.header x-a fits no method of *, t.Notes.Get among them: no field "nope" in t.Note',
  ]);
});

test("a value that is wrong in itself is wrong for a whole service too, and told once", () => {
  const notes = resolve(
    notesFiles(`option (protogate.v1.service) = { rest { success_status: 404 } };
    rpc Get(Note) returns (Note); rpc List(Note) returns (Note);`),
  );
  assert.deepEqual(notes.told, [
    "service option in notes.proto:21: rest.success_status of t.Notes is refused: expected a status from 200 to 299, but neither 205 nor 206, got 404",
  ]);
});

test("a selector that matches nothing is told with the nearest name", () => {
  const notes = resolve(notesFiles("rpc GetNote(Note) returns (Note);"), [
    settingsOf("t.Notes.GetNotes", { successStatus: 201 }, 4),
    settingsOf("*", {}),
  ]);
  assert.deepEqual(notes.told, [
    "p.yaml:4:3: `t.Notes.GetNotes` matches no method, did you mean `t.Notes.GetNote`?",
  ]);
});

test("INFER needs one update mask in the request", () => {
  const notes = resolve(notesFiles(`rpc Patch(Bare) returns (Note) { ${option("update_mask: INFER")} }`));
  assert.deepEqual(notes.told, [
    "option in notes.proto:21: rest.update_mask of t.Notes.Patch is refused: expected one FieldMask in t.Bare, it has 0",
  ]);
  assert.equal(notes.of("Patch").updateMask, "keep");
});

test("a flood of bindings is refused as a whole", () => {
  const many = Array.from({ length: 65 }, (_, i) => `header { name: "h${i}" field: "name" }`).join(" ");
  const notes = resolve(notesFiles(get(many)));
  assert.deepEqual(notes.told, [
    "option in notes.proto:21: rest.header of t.Notes.Get is refused: 65 bindings, at most 64 are read",
  ]);
});

test("errors, which belong to no method, are printed as the config says for all of them", () => {
  const files = notesFiles("rpc Get(Note) returns (Note);");
  const settings = [settingsOf("*", { protoNames: true }), settingsOf("t.*", { enumNumbers: true })];
  const { json } = resolve(files, settings).policies;
  assert.equal(json.protoNames, true);
  assert.equal(json.enumNumbers, false);
});
