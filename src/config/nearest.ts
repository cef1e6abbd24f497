// Which valid word somebody meant by a wrong one: edit distance with swaps, small distances only.
// A wrong suggestion is worse than none, so a third of the letters may differ at most.

/** Words longer than this are no typos of anything here, and the distance is quadratic. */
const maxLength = 64;

/** The valid word closest to `word`, or undefined when none is close. Case, `-`, `_` and spaces do not count. */
export function nearestWord(word: string, words: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > maxLength) return undefined;
  const wanted = plain(word);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of words) {
    const other = plain(candidate);
    if (other.length > maxLength) continue;
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    const distance = beginAlike(wanted, other) ? 1 : editDistance(wanted, other);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `, did you mean `upstreams`?` or nothing: the tail of a message about a wrong word. */
export function didYouMean(word: string, words: Iterable<string>): string {
  const nearest = nearestWord(word, words);
  return nearest === undefined ? "" : `, did you mean \`${nearest}\`?`;
}

/** One is the beginning of the other: `desc`, `warning`. */
function beginAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) > 2 && (a.startsWith(b) || b.startsWith(a)) && a !== b;
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
