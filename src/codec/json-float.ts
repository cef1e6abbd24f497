// A float as decimal text. Printing the double that equals it would give 0.10000000149011612 for 0.1; other protobuf
// runtimes print the shortest text that reads back as the same float, and so does this.

/** The shortest decimal text of a finite float. */
export function formatFloat(value: number): string {
  // Most floats are decimals of few digits; no two of up to six digits are one float, so this one is the shortest.
  const thousandths = Math.round(value * 1000);
  if (Math.abs(thousandths) < 1e6 && Math.fround(thousandths / 1000) === value)
    return String(thousandths / 1000);
  // Nine digits tell all floats apart, six always survive the way there and back; fewer where the float is subnormal.
  for (let digits = Math.abs(value) < 2 ** -126 ? 1 : 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}
