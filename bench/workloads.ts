// The tuples of the benchmarks. Tuple i is a pure function of i, so that every contender sends the same ones and the sum at
// each sink can be checked. Making one is as cheap as is credible: it counts on all sides, and must not hide the transport.
// Promises: what touch() returns is a small multiple of 1/64, so that the sum is exact in whatever order tuples arrive (piscina
// reorders tasks); strings of `unique` are all different.

export type WorkloadName = 'fixed' | 'word' | 'unique';

/** Makes the tuples of one kind, and reads every field of one. */
export interface Workload<Tuple = unknown> {
  readonly name: WorkloadName;
  readonly make: (index: number) => Tuple;
  /** A number to which every field contributes: what a sink adds up. */
  readonly touch: (tuple: Tuple) => number;
}

/** Mixes 32 bits (the finaliser of MurmurHash3). */
function mix(bits: number): number {
  let hash = bits;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

const KEY_MASK = 0xfffff;
const START_MS = 1_700_000_000_000;

const keyOf = (index: number): number => mix(index) & KEY_MASK;
const timeOf = (index: number): number => START_MS + index / 64;
const amountOf = (index: number): number => (index & 0xffff) + 0.25;

export interface FixedTuple {
  key: number;
  ts: number;
  value: number;
}

/** {key u32, ts f64, value f64}. */
export const fixed: Workload<FixedTuple> = {
  name: 'fixed',
  make: (index) => ({ key: keyOf(index), ts: timeOf(index), value: amountOf(index) }),
  touch: (tuple) => tuple.key + (tuple.ts - START_MS) + tuple.value,
};

const DISTINCT_WORDS = 20_000;
const SYLLABLES = 'ba ke li mo nu ra se ti vo wu chi den fal gor hin jas kor lem mar pul'.split(' ');

/** A word for each index below DISTINCT_WORDS, 2 to 12 letters, all different: the index written in syllables. */
function wordOf(index: number): string {
  let word = '';
  for (let rest = index + 1; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    word += SYLLABLES[rest % SYLLABLES.length];
  }
  return word;
}

// JSON gives flat strings: a word built by `+=` is a tree of its syllables, until someone has to flatten it.
const words: readonly string[] = JSON.parse(
  JSON.stringify(Array.from({ length: DISTINCT_WORDS }, (_, index) => wordOf(index))),
);

export interface WordTuple {
  key: number;
  ts: number;
  word: string;
}

/** {key u32, ts f64, word: one of 20,000}. */
export const word: Workload<WordTuple> = {
  name: 'word',
  make: (index) => ({ key: keyOf(index), ts: timeOf(index), word: words[(mix(index) >>> 8) % DISTINCT_WORDS] }),
  touch: (tuple) => tuple.key + (tuple.ts - START_MS) + tuple.word.length,
};

/** How many tuples of `unique` there are. */
const UNIQUE_MAX = 16_000_000;
const UNIQUE_CHARACTERS = 16;
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_';

let text = '';

/** The text that unique strings are cut from, as a reader cuts fields from lines: made on first use, once a thread. */
function uniqueText(): string {
  const bytes = Buffer.alloc(UNIQUE_MAX + UNIQUE_CHARACTERS);
  for (let index = 0; index < bytes.length; index++) bytes[index] = ALPHABET.charCodeAt(mix(index) >>> 26);
  return bytes.toString('latin1');
}

export interface UniqueTuple {
  key: number;
  ts: number;
  text: string;
}

/** {key u32, ts f64, text: 16 characters, different for each index below UNIQUE_MAX}. */
export const unique: Workload<UniqueTuple> = {
  name: 'unique',
  make: (index) => {
    if (text === '') text = uniqueText();
    return { key: keyOf(index), ts: timeOf(index), text: text.substring(index, index + UNIQUE_CHARACTERS) };
  },
  touch: (tuple) =>
    tuple.key + (tuple.ts - START_MS) + tuple.text.length + tuple.text.charCodeAt(UNIQUE_CHARACTERS - 1),
};

const workloads = { fixed, word, unique } as const;

/** A workload whose tuples are nobody's business, as those who only carry them see it. */
export const workloadOf = (name: WorkloadName): Workload => workloads[name] as Workload;

const sums = new Map<string, number>();

/** What a sink must have added up after `count` tuples. */
export function expectedSum(name: WorkloadName, count: number): number {
  const id = `${name} ${count}`;
  let sum = sums.get(id);
  if (sum === undefined) {
    const { make, touch } = workloadOf(name);
    sum = 0;
    for (let index = 0; index < count; index++) sum += touch(make(index));
    sums.set(id, sum);
  }
  return sum;
}

/**
 * What keys look like: `ids` are spread over all 32 bits, as addresses, hashes and card numbers are; `dense` are 0 to n - 1,
 * which V8 keeps as small integers and hashes for next to nothing.
 */
export type KeyKind = 'ids' | 'dense';

/**
 * Tuple `index` of a stream over `keys` keys. The first `keys` tuples hold each key once, in a scattered order, so that the
 * state is full when the clock starts; after them keys are drawn uniformly.
 */
export function keyedTuple(keys: number, kind: KeyKind): (index: number) => FixedTuple {
  // An odd number that is no multiple of 5 has an inverse modulo each power of ten: the first `keys` keys all differ.
  const STRIDE = 618_033;
  const scale = keys / 2 ** 32;
  const number = (index: number): number => (index < keys ? (index * STRIDE) % keys : ((mix(index) >>> 0) * scale) | 0);
  // Two functions, so that V8 compiles each for its own kind of number.
  return kind === 'dense'
    ? (index) => ({ key: number(index), ts: timeOf(index), value: amountOf(index) })
    : (index) => ({ key: mix(number(index)) >>> 0, ts: timeOf(index), value: amountOf(index) });
}

/** What the rows of all keys add up to: each key weighs differently, so that a count under a wrong key is noticed. */
export class Totals {
  keys = 0;
  count = 0;
  #sum = 0.5;

  constructor() {
    this.#sum = 0;
  }

  add(key: number, count: number, sum: number): void {
    this.keys += 1;
    this.count += count;
    this.#sum += sum + count * (key % 1009);
  }

  report(): { keys: number; count: number; sum: number } {
    return { keys: this.keys, count: this.count, sum: this.#sum };
  }
}
