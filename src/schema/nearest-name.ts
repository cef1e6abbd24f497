// "Did you mean …?": which known name somebody meant by a wrong one, by edit distance with swaps, small distances only.
// A wrong suggestion is worse than none, so a third of the letters may differ at most.

/** Longer names are no typos of anything here, and the distance is quadratic. Selectors of methods are long. */
const maxLength = 200;

/** The known name closest to `name`, or undefined when none is close. Case, `-`, `_` and spaces do not count. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > maxLength) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const other = plain(candidate);
    if (other.length > maxLength) continue;
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    let distance = 1;
    if (!beginAlike(wanted, other)) {
      // Far candidates cost time and are never meant.
      if (Math.abs(wanted.length - other.length) > limit) continue;
      distance = editDistance(wanted, other);
    }
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean `upstreams`?` or nothing: the tail of a message about a wrong name. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? "" : `, did you mean \`${nearest}\`?`;
}

/** One is the beginning of the other, within a word of a dotted name: `desc`, `warning`. */
function beginAlike(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length > 2 && long.startsWith(short) && !long.includes(".", short.length) && a !== b;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, "");
}

/** Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost one each. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
