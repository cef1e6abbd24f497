// What every schema source does alike, run by each of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SchemaReading, SchemaSource, SourceEvent } from "../../src/schema/source.ts";

/** A source and the means to change what is behind it. */
export interface SourceUnderTest {
  readonly source: SchemaSource;
  /** Makes the service `demo.<name>` what the source offers from now on. */
  offer(name: string): Promise<void> | void;
  /** Makes reading fail from now on. */
  breakIt(): Promise<void> | void;
  close(): Promise<void> | void;
}

/** @param create a source that offers `demo.First` */
export function testSchemaSource(title: string, create: () => Promise<SourceUnderTest>): void {
  const check = (
    fact: string,
    run: (subject: SourceUnderTest, signal: AbortController) => Promise<void>,
  ): void => {
    test(`${title}: ${fact}`, async () => {
      const subject = await create();
      const abort = new AbortController();
      try {
        await run(subject, abort);
      } finally {
        abort.abort();
        await subject.close();
      }
    });
  };

  check("the first event is the outcome of the first read", async ({ source }, { signal }) => {
    assert.ok(offers(await next(source.watch(signal)), "First"));
  });

  check(
    "a refresh yields an event even where nothing has changed, with the same reading",
    async ({ source }, { signal }) => {
      const events = source.watch(signal)[Symbol.asyncIterator]();
      const first = readingOf(await take(events));
      source.refresh();
      assert.equal(readingOf(await take(events)), first);
    },
  );

  check("a refresh after a change yields what is new", async ({ source, offer }, { signal }) => {
    const events = source.watch(signal)[Symbol.asyncIterator]();
    await take(events);
    await offer("Second");
    source.refresh();
    await until(events, (event) => offers(event, "Second"));
  });

  check(
    "a read that fails is a failure with a place and a message, and the source recovers",
    async ({ source, offer, breakIt }, { signal }) => {
      const events = source.watch(signal)[Symbol.asyncIterator]();
      await take(events);
      await breakIt();
      source.refresh();
      const failure = await until(events, (event) => event.kind === "failure");
      const [problem] = failure.kind === "failure" ? failure.problems : [];
      assert.ok(problem && problem.place !== "" && problem.message !== "");
      await offer("Third");
      source.refresh();
      await until(events, (event) => offers(event, "Third"));
    },
  );

  check("the watch ends when its signal fires while it waits", async ({ source }, abort) => {
    const events = source.watch(abort.signal)[Symbol.asyncIterator]();
    await take(events);
    const waiting = events.next();
    abort.abort();
    assert.equal((await waiting).done, true);
  });

  check("a watch whose signal has fired already yields nothing", async ({ source }) => {
    for await (const _ of source.watch(AbortSignal.abort())) assert.fail("an event");
  });

  check("a watch that is left can be followed by another", async ({ source }, { signal }) => {
    for await (const event of source.watch(signal)) {
      assert.ok(offers(event, "First"));
      break;
    }
    assert.ok(offers(await next(source.watch(signal)), "First"));
  });
}

function offers(event: SourceEvent, name: string): boolean {
  if (event.kind === "failure") return false;
  const { services, files } = event.reading;
  if (services !== undefined) return services.includes(`demo.${name}`);
  return files.some(({ bytes }) => Buffer.from(bytes).includes(name));
}

function readingOf(event: SourceEvent): SchemaReading {
  assert.equal(event.kind, "reading");
  return event.kind === "reading" ? event.reading : assert.fail();
}

async function take(events: AsyncIterator<SourceEvent>): Promise<SourceEvent> {
  const { done, value } = await events.next();
  return done === true ? assert.fail("the watch has ended") : value;
}

async function next(events: AsyncIterable<SourceEvent>): Promise<SourceEvent> {
  for await (const event of events) return event;
  return assert.fail("the watch has ended");
}

/** Sources may yield what was before once more. */
async function until(
  events: AsyncIterator<SourceEvent>,
  wanted: (event: SourceEvent) => boolean,
): Promise<SourceEvent> {
  for (;;) {
    const event = await take(events);
    if (wanted(event)) return event;
  }
}
