import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { createTerminal } from "../../src/cli/terminal.ts";

function memory() {
  const pieces: string[] = [];
  const stream = new Writable({
    write(piece, _encoding, done) {
      pieces.push(String(piece));
      done();
    },
  });
  return { stream, text: () => pieces.join("") };
}

test("what is printed goes to stdout, what is complained of to stderr, a line each", async () => {
  const [out, err] = [memory(), memory()];
  const terminal = createTerminal(out.stream, err.stream);
  terminal.print("a\nb");
  terminal.complain("c");
  await terminal.flush();
  assert.equal(out.text(), "a\nb\n");
  assert.equal(err.text(), "c\n");
});

test("flush waits for a slow reader", async () => {
  let written = 0;
  const slow = new Writable({
    write(_piece, _encoding, done) {
      setImmediate(() => {
        written += 1;
        done();
      });
    },
  });
  const terminal = createTerminal(slow, memory().stream);
  for (let i = 0; i < 10; i++) terminal.print("line");
  await terminal.flush();
  assert.ok(written >= 10);
});

test("a reader that goes away ends the output and nothing else", async () => {
  const broken = new Writable({
    write(_piece, _encoding, done) {
      done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    },
  });
  const terminal = createTerminal(broken, memory().stream);
  terminal.print("a");
  await terminal.flush();
  terminal.print("b");
  await terminal.flush();
});
