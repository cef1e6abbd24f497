// Assertions for checks that run in Node and in a browser's page.
import { ConnectError } from "@connectrpc/connect";

/** @throws Error that shows both where they are not the same as JSON */
export function equal(actual: unknown, expected: unknown): void {
  const [is, should] = [format(actual), format(expected)];
  if (is !== should) throw new Error(`expected ${should}, got ${is}`);
}

/** The error of a call that must fail. @throws Error where it succeeds */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  const failure = await call.then(
    () => undefined,
    (reason: unknown) => ConnectError.from(reason),
  );
  if (failure === undefined) throw new Error("expected a failure, but the call succeeded");
  return failure;
}

/** Tries again until it holds. @throws what it threw last, after ten seconds */
export async function eventually(check: () => Promise<void>): Promise<void> {
  const endMs = Date.now() + 10_000;
  for (;;) {
    try {
      return await check();
    } catch (reason) {
      if (Date.now() > endMs) throw reason;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function format(value: unknown): string {
  return String(JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part)));
}
