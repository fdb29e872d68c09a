// What a tuple of the chaos flow is, by its number alone: its key, its place among the tuples of that key, its text.
// Promises: the flow and the oracle agree on these; everything can be recomputed from a number, so nothing needs to be remembered.
// A source's tuple has an `id`; `spread` makes two tuples of it, whose `uid` is 2 id and 2 id + 1.

/** Keys of the main source; they take turns. */
export const KEYS = 256;
/** Keys of the second source, which the app pushes: after those of the main one. */
export const PUSHED_KEYS = 64;
/** The second source's ids begin here, so that an id tells its source. */
export const PUSHED_FROM = 1_000_000_000;
/** Tuples that one tuple of a source becomes. */
export const PARTS = 2;
/** Keys of the second keyed operator. A key belongs to one of them, so that its order holds behind it as well. */
export const GROUPS = 32;
/** The uid of the tuple that tells a key's state at the end of the stream. */
export const FINAL = 0xffff_ffff;
/** A key's row is removed when it has counted so far, and begins anew. */
export const LIFE = 500;
/** Of so many tuples one is poison from its birth, in a flow that has such. */
const BORN_POISON_EVERY = 4999;
/** Rows of the sub-table under each key, and how often all are cleared, in counts. */
export const RECENT = 5;
export const CLEAR_EVERY = 64;

const isPushed = (id: number): boolean => id >= PUSHED_FROM;

/** The number of a tuple's key. */
export const keyOfId = (id: number): number => (isPushed(id) ? KEYS + ((id - PUSHED_FROM) % PUSHED_KEYS) : id % KEYS);

export const idOf = (uid: number): number => Math.floor(uid / PARTS);

export const keyOfUid = (uid: number): number => keyOfId(idOf(uid));

/** The place of a tuple among those of its key: 0, 1, 2, … */
export function sequenceOf(uid: number): number {
  const id = idOf(uid);
  const turn = isPushed(id) ? Math.floor((id - PUSHED_FROM) / PUSHED_KEYS) : Math.floor(id / KEYS);
  return turn * PARTS + (uid % PARTS);
}

/** The tuple at a place of a key: the inverse of {@link sequenceOf}. */
export function uidAt(key: number, sequence: number): number {
  const turn = Math.floor(sequence / PARTS);
  const id = key < KEYS ? turn * KEYS + key : PUSHED_FROM + turn * PUSHED_KEYS + (key - KEYS);
  return id * PARTS + (sequence % PARTS);
}

/** How many tuples a key has if its source has made `ids` of them. */
export function sequencesOf(key: number, ids: number): number {
  const [keys, place] = key < KEYS ? [KEYS, key] : [PUSHED_KEYS, key - KEYS];
  return PARTS * Math.max(0, Math.ceil((ids - place) / keys));
}

/** True for tuples at which a keyed operator always fails, if the flow's settings say so. */
export const isBornPoison = (operator: 'count' | 'total', uid: number): boolean =>
  uid % BORN_POISON_EVERY === (operator === 'count' ? 1000 : 2000);

/** The text of a key: some are long, and some need two bytes a character. */
export function keyText(key: number): string {
  if (key % 16 === 3) return `鍵-${key}`;
  return key % 16 === 5 ? `key-${key}-with-a-longer-name-than-the-others` : `key-${key}`;
}

/** The number of the key with a text. */
export const keyNumber = (key: string): number => Number(/\d+/.exec(key));

/** The text that a tuple carries: its length varies, so that rows of a string field move. */
export const textOf = (uid: number): string => `${uid}:${'x'.repeat(uid % 41)}`;

/** The next value of a key's digest: it depends on all tuples before, and on their order. */
export function digestWith(digest: number, uid: number): number {
  const mixed = Math.imul((digest ^ uid) + 0x9e3779b9, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
