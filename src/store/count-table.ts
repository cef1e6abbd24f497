// A bounded table from hashes to a few numbers each, in typed arrays: no text, no objects, nothing for the collector to
// walk through. What was not used for long goes first, by two generations: the younger one takes what is new and what is
// used, and where it is full it becomes the older one, and what the older one still held is gone.
import type { KeyHash } from "./hash-key.ts";

export interface CountTable {
  /**
   * Where the numbers of a hash begin in `values`, made of zeros where there are none yet. Good until the next call.
   */
  locate(hash: KeyHash): number;
  /** The same, without making any; -1 where there are none. */
  find(hash: KeyHash): number;
  /** To be read again after each `locate` and `find`: it moves. */
  readonly values: Float64Array;
  /** Hashes that are held, at most `maxKeys`. */
  readonly keyCount: number;
}

interface Generation {
  readonly mask: number;
  /** Two words for each place, 0 and 0 where it is free. */
  readonly hashes: Uint32Array;
  readonly values: Float64Array;
  used: number;
}

const firstPlaces = 64;
/** A part larger than this takes longer to grow than a call should wait. */
const keysPerPart = 8_192;
const mostParts = 128;

/**
 * @param maxKeys the last half of so many that were used are there, nearly so where they are more than some thousands; at
 *   least 2
 * @param width numbers for each key
 */
export function createCountTable(maxKeys: number, width: number): CountTable {
  // Each part grows by itself: one table of a million keys would stand still for fifty milliseconds.
  let count = 1;
  while (count < mostParts && maxKeys / count > 2 * keysPerPart) count *= 2;
  const parts = Array.from({ length: count }, () => createPart(Math.floor(maxKeys / count), width));
  let [part] = parts;
  const choose = (hash: KeyHash): CountTable | undefined => {
    part = parts[(hash[1] ?? 0) & (count - 1)];
    return part;
  };
  return {
    locate: (hash) => choose(hash)?.locate(hash) ?? -1,
    find: (hash) => choose(hash)?.find(hash) ?? -1,
    get values() {
      return part?.values ?? nothing;
    },
    get keyCount() {
      return parts.reduce((sum, { keyCount }) => sum + keyCount, 0);
    },
  };
}

const nothing = new Float64Array();

function createPart(maxKeys: number, width: number): CountTable {
  const perGeneration = Math.max(1, maxKeys >> 1);
  let young = createGeneration(firstPlaces, width);
  let old: Generation | undefined;
  let values = young.values;

  const makeRoom = (): void => {
    if (young.used >= perGeneration) {
      old = young;
      // As large as it will be anyway: pages that nobody writes to cost nothing, and growing costs copies.
      young = createGeneration(old.mask + 1, width);
    } else if (young.used >= (young.mask + 1) * 0.7) {
      young = grow(young, width);
    }
  };

  /** Its place in the younger generation, where it is moved to if the older one has it. */
  const bring = (hash: KeyHash, make: boolean): number => {
    const [word0 = 0, word1 = 0] = hash;
    let place = placeOf(young, word0, word1);
    if (isAt(young, place, word0, word1)) return place;
    const oldPlace = old === undefined ? -1 : placeOf(old, word0, word1);
    const known = old !== undefined && isAt(old, oldPlace, word0, word1) ? old : undefined;
    if (!known && !make) return -1;
    makeRoom();
    place = placeOf(young, word0, word1);
    young.hashes[2 * place] = word0;
    young.hashes[2 * place + 1] = word1;
    young.used++;
    if (known) {
      for (let at = 0; at < width; at++) {
        young.values[place * width + at] = known.values[oldPlace * width + at] ?? 0;
      }
    }
    return place;
  };

  const locate = (hash: KeyHash, make: boolean): number => {
    const place = bring(hash, make);
    values = young.values;
    return place < 0 ? -1 : place * width;
  };

  return {
    locate: (hash) => locate(hash, true),
    find: (hash) => locate(hash, false),
    get values() {
      return values;
    },
    get keyCount() {
      return young.used + (old?.used ?? 0);
    },
  };
}

function createGeneration(places: number, width: number): Generation {
  return {
    mask: places - 1,
    hashes: new Uint32Array(2 * places),
    values: new Float64Array(width * places),
    used: 0,
  };
}

/** The place that has the hash, else the free one where it belongs. */
function placeOf({ mask, hashes }: Generation, word0: number, word1: number): number {
  let place = word0 & mask;
  for (;;) {
    const held0 = hashes[2 * place];
    const held1 = hashes[2 * place + 1];
    if ((held0 === word0 && held1 === word1) || (held0 === 0 && held1 === 0)) return place;
    place = (place + 1) & mask;
  }
}

function isAt({ hashes }: Generation, place: number, word0: number, word1: number): boolean {
  return hashes[2 * place] === word0 && hashes[2 * place + 1] === word1;
}

function grow(from: Generation, width: number): Generation {
  const to = createGeneration(2 * (from.mask + 1), width);
  for (let place = 0; place <= from.mask; place++) {
    const word0 = from.hashes[2 * place] ?? 0;
    const word1 = from.hashes[2 * place + 1] ?? 0;
    if (word0 === 0 && word1 === 0) continue;
    const target = placeOf(to, word0, word1);
    to.hashes[2 * target] = word0;
    to.hashes[2 * target + 1] = word1;
    to.values.set(from.values.subarray(place * width, (place + 1) * width), target * width);
  }
  to.used = from.used;
  return to;
}
