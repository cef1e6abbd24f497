// The well-known types that have a text form of their own in paths and queries: Duration in Go's form too, and
// FieldMask with camelCase or snake_case paths. Timestamp and JSON's Duration are read by the codec.
// Source: https://protobuf.dev/programming-guides/json/; https://pkg.go.dev/time#ParseDuration; google/protobuf/field_mask.proto

const nanosPerUnit: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n],
  ["μs", 1_000n],
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const goDurationPart = /(?=\.?\d)(\d{0,18})(?:\.(\d{0,18}))?(ns|us|µs|μs|ms|s|m|h)/y;
/** A duration of ten thousand years, in every unit, is shorter. */
const maxDurationLength = 128;

/** `1h30m`, `-1.5s`, `+.5h`, `300ms`, `0` as a ProtoJSON duration, `5400s`; undefined for anything else. */
export function goDurationToJson(text: string): string | undefined {
  if (text.length > maxDurationLength) return undefined;
  const negative = text.startsWith("-");
  let at = negative || text.startsWith("+") ? 1 : 0;
  if (text.slice(at) === "0") return "0s";
  if (at === text.length) return undefined;
  let nanos = 0n;
  while (at < text.length) {
    goDurationPart.lastIndex = at;
    const part = goDurationPart.exec(text);
    if (part === null) return undefined;
    const [whole, digits = "", fraction = "", unit = ""] = part;
    const scale = nanosPerUnit.get(unit) ?? 0n;
    // Go too drops what is finer than a nanosecond.
    nanos +=
      BigInt(digits || "0") * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
    at += whole.length;
  }
  const seconds = nanos / 1_000_000_000n;
  const fraction = String(nanos % 1_000_000_000n).padStart(9, "0");
  return `${negative ? "-" : ""}${seconds}.${fraction}s`;
}

/** Paths of a FieldMask by proto names; undefined where a path between the commas is empty. */
export function parseFieldMask(text: string): readonly string[] | undefined {
  if (text === "") return [];
  const paths = text.split(",");
  if (paths.includes("")) return undefined;
  // A path with an underscore is in proto names already, and an upper-case letter in it is the author's.
  return paths.map((path) =>
    path.includes("_") ? path : path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
}
