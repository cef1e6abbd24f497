// Which retry or hedge is in force: what each needs of the method, and which of the two counts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { methodOption, serviceOption } from "./flow-option.ts";
import { entryOf, notesFiles, resolveFlow } from "./policy-fixture.ts";

const retry = "retry { max_attempts: 2 }";
const hedge = "hedge { max_attempts: 2 delay { seconds: 1 } }";
const once = "option idempotency_level = NO_SIDE_EFFECTS;";
const same = "option idempotency_level = IDEMPOTENT;";

/** The options of a service and of its one method `rpc Get`, what is in force, and what is told. */
const rows: readonly (readonly [
  service: string,
  method: string,
  inForce: "retry" | "hedge" | "neither",
  told: string | undefined,
  reason: string,
])[] = [
  ["", retry, "retry", undefined, "the owner of the method knows what a second time does"],
  ["", hedge, "hedge", undefined, "likewise"],
  [retry, once, "retry", undefined, "nothing happens twice"],
  [hedge, once, "hedge", undefined, "likewise"],
  [retry, same, "retry", undefined, "twice is as once"],
  [hedge, same, "neither", "NO_SIDE_EFFECTS", "at the same time is not one after the other"],
  [retry, "", "neither", "idempotency_level", "nobody has said that it may happen twice"],
  [hedge, "", "neither", "NO_SIDE_EFFECTS", "likewise"],
  [hedge, `${once} ${retry}`, "retry", undefined, "the method is more specific"],
  [retry, `${once} ${hedge}`, "hedge", undefined, "likewise"],
  [
    "",
    `${retry} ${hedge}`,
    "retry",
    "hedge of t.Notes.Get is refused: a method is retried or hedged",
    "one place",
  ],
  [
    `${retry} ${hedge}`,
    once,
    "retry",
    "hedge of t.Notes is refused: a method is retried or hedged",
    "likewise",
  ],
  [hedge, `${once} retry { max_attempts: 9 }`, "hedge", "max_attempts", "what is refused takes nothing back"],
];
for (const [service, method, inForce, told, reason] of rows) {
  test(`service ${service || "-"}, method ${method || "-"}: ${inForce}, because ${reason}`, () => {
    const [, level = "", policy = ""] = /^(option \S+ = \S+;)?(.*)$/.exec(method) ?? [];
    const notes = resolveFlow(
      notesFiles(
        `${serviceOption(service)} rpc Get(Note) returns (Note) { ${level} ${methodOption(policy)} }`,
      ),
    );
    const policyOf = notes.of("Get");
    assert.equal(policyOf.retry !== undefined, inForce === "retry");
    assert.equal(policyOf.hedge !== undefined, inForce === "hedge");
    assert.equal(
      notes.said("Get").filter((text) => /^(retry|hedge) /.test(text)).length,
      inForce === "neither" ? 0 : 1,
    );
    assert.equal(notes.told.length, told === undefined ? 0 : 1);
    if (told !== undefined) assert.ok(notes.told[0]?.includes(told), String(notes.told));
  });
}

test("a stream of requests is not sent again, whoever asks for it", () => {
  const put = (policy: string): string => `rpc Put(stream Note) returns (Note) { ${methodOption(policy)} }`;
  const why = "the request is a stream, which is not kept to be sent again";
  const byOption = resolveFlow(notesFiles(put(hedge)));
  assert.deepEqual(byOption.told, [`option in notes.proto:21: hedge of t.Notes.Put is refused: ${why}`]);
  const byConfig = resolveFlow(notesFiles(put("")), [entryOf("*", { flow: { retry: { maxAttempts: 2 } } })]);
  assert.deepEqual(byConfig.told, [`p.yaml:2:5: retry fits no method of *, t.Notes.Put among them: ${why}`]);
  assert.equal(byConfig.of("Put").retry, undefined);
});

test("a word of the config is the operator's own, by whatever selector, and goes before both options", () => {
  const notes = resolveFlow(notesFiles(`rpc Get(Note) returns (Note) { ${methodOption(retry)} }`), [
    entryOf("*", { flow: { hedge: { maxAttempts: 3, delayMs: 5 } } }),
  ]);
  assert.deepEqual(notes.told, []);
  assert.deepEqual(notes.said("Get"), [
    "hedge 3 attempts, one each 5ms, at once on UNAVAILABLE, budget 20% by p.yaml:2:5",
  ]);
  const { hedge: policy } = notes.of("Get");
  assert.deepEqual([policy?.maxAttempts, policy?.delayMs, policy?.budgetRatio], [3, 5, 0.2]);
});
