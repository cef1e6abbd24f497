// Durations as people write them in the config file: a number and a unit. A bare number is refused, because seconds
// and milliseconds are confused too easily.
import { notParsed, type Parsed, parsed, quoted } from "./parsed.ts";

const unitMs = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** What a timer of Node can wait at most: 2^31-1 ms, a little under 25 days. */
const maxMs = 2 ** 31 - 1;

/** `500ms`, `30s`, `1.5m`, `1h` in whole milliseconds. */
export function parseDuration(text: string, mostMs = maxMs): Parsed<number> {
  const match = /^(\d{1,10}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  const unit = unitMs.get(match?.[2] ?? "");
  if (match === null || unit === undefined) {
    return notParsed(`expected a duration such as \`500ms\`, \`30s\` or \`1m\`, got ${quoted(text)}`);
  }
  const ms = Math.round(Number(match[1]) * unit);
  if (ms > mostMs) {
    const days = Math.floor(mostMs / 86_400_000);
    return notParsed(`expected a duration of at most ${days} days (\`${days * 24}h\`), got ${quoted(text)}`);
  }
  return parsed(ms);
}
