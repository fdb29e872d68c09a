// Goal: the oracle of the chaos run finds a single lost, doubled, reordered or late tuple and a single wrong state among
// thousands, wherever it is, counts it once, and never blames a run in which all is well.
// MILLRACE_TEST_SEED=<seed> repeats the random cases.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Totalled } from '../../proof/chaos/flow.ts';
import {
  CLEAR_EVERY,
  digestWith,
  FINAL,
  GROUPS,
  KEYS,
  keyNumber,
  keyOfUid,
  keyText,
  LIFE,
  RECENT,
  sequenceOf,
  sequencesOf,
  textOf,
  uidAt,
} from '../../proof/chaos/numbering.ts';
import { type Excuse, Oracle, type ViolationKind, Violations } from '../../proof/chaos/oracle.ts';
import { runs } from '../kit/arbitraries.ts';

/** Some keys of both sources, two of them of one group; the others have no tuples. */
const SOME_KEYS = [0, GROUPS, 3, 5, KEYS + 1];
/** Ids of each source: so many that every key is removed and begins anew. */
const IDS = (LIFE / 2 + 40) * KEYS;
const PUSHED_IDS = 11_000;
const idsOf = (key: number): number => (key < KEYS ? IDS : PUSHED_IDS);
const covers = (key: number): boolean => SOME_KEYS.includes(key);

/** The uids of a key that are left out before its state, and behind it. */
interface LeftOut {
  readonly before: readonly number[];
  readonly behind: readonly number[];
}
const NOTHING: LeftOut = { before: [], behind: [] };

/** What the flow puts out for one tuple, and what it remembers of the key: told without the oracle's model. */
function counted(history: number[], uid: number, before: string): Omit<Totalled, 'tuples' | 'total'> {
  const rows = new Map<number, number>();
  // The sub-table was empty when the count was a multiple of CLEAR_EVERY for the last time.
  const cleared = history.length - (history.length % CLEAR_EVERY);
  for (let count = Math.max(1, cleared); count <= history.length; count++) {
    const past = history[count - 1];
    rows.set(count % RECENT, past);
    if (past % 3 === 0) rows.delete((count + 1) % RECENT);
  }
  return {
    key: keyText(keyOfUid(uid)),
    group: keyOfUid(uid) % GROUPS,
    uid,
    count: history.length,
    digest: history.reduce(digestWith, 0),
    before,
    rows: rows.size,
    recent: [...rows.values()].reduce((sum, row) => sum + row, 0),
  };
}

/** The output of a run in which all is well: keys take turns; `wrong` may spoil the state of one key at one tuple. */
function outputOf(
  leftOut: LeftOut = NOTHING,
  wrong: (history: number[], uid: number) => number[] = (history) => history,
): Totalled[] {
  const histories = new Map<number, number[]>(SOME_KEYS.map((key) => [key, []]));
  const groups = Array.from({ length: GROUPS }, () => ({ tuples: 0, total: 0 }));
  const output: Totalled[] = [];
  const lives = new Map<number, Totalled>();
  for (let place = 0; SOME_KEYS.some((key) => place < sequencesOf(key, idsOf(key))); place++) {
    for (const key of SOME_KEYS) {
      if (place >= sequencesOf(key, idsOf(key))) continue;
      const uid = uidAt(key, place);
      if (leftOut.before.includes(uid)) continue;
      const past = histories.get(key) as number[];
      const history = wrong([...past, uid], uid);
      histories.set(key, history.length === LIFE ? [] : history);
      const last = past[past.length - 1];
      const tuple = counted(history, uid, last === undefined ? '' : textOf(Math.floor(last / 2)));
      if (history.length === LIFE) lives.delete(key);
      else
        lives.set(key, { ...tuple, uid: FINAL, before: textOf(Math.floor(uid / 2)), recent: 0, tuples: 0, total: 0 });
      if (leftOut.behind.includes(uid)) continue;
      const group = groups[key % GROUPS];
      group.tuples++;
      group.total = (group.total + uid) >>> 0;
      output.push({ ...tuple, ...group });
    }
  }
  return [...output, ...lives.values()];
}

const WELL = outputOf();

/** What an oracle says to an output; each kind that it found, with its count. */
function verdict(
  output: readonly Totalled[],
  {
    leftOut = NOTHING,
    dead = [...leftOut.before, ...leftOut.behind],
  }: { leftOut?: LeftOut; dead?: readonly number[] } = {},
): { found: Partial<Record<ViolationKind, number>>; texts: readonly string[] } {
  const excuse: Excuse = (uid) =>
    leftOut.before.includes(uid) ? 'before' : leftOut.behind.includes(uid) ? 'behind' : undefined;
  const violations = new Violations();
  const oracle = new Oracle('output', violations, excuse);
  for (const tuple of output) oracle.see(keyNumber(tuple.key), tuple);
  oracle.finish({ idsOf, dead, deadFinals: new Set(), covers });
  const found = Object.entries(violations.counts).filter(([, count]) => count > 0);
  return { found: Object.fromEntries(found), texts: violations.texts };
}

/** Fails unless the oracle finds exactly this. */
function finds(
  output: readonly Totalled[],
  expected: Partial<Record<ViolationKind, number>>,
  options: Parameters<typeof verdict>[1] = {},
): readonly string[] {
  const { found, texts } = verdict(output, options);
  assert.deepEqual(found, expected, texts.join('\n'));
  return texts;
}

/** Groups count what comes: an output that was changed on purpose counts right again. */
function regrouped(output: readonly Totalled[]): Totalled[] {
  const groups = Array.from({ length: GROUPS }, () => ({ tuples: 0, total: 0 }));
  return output.map((tuple) => {
    if (tuple.uid === FINAL) return tuple;
    const group = groups[tuple.group];
    group.tuples++;
    group.total = (group.total + tuple.uid) >>> 0;
    return { ...tuple, ...group };
  });
}

const isFinal = ({ uid }: Totalled): boolean => uid === FINAL;
const TUPLES = WELL.findIndex(isFinal);
const anyIndex = fc.integer({ min: 0, max: TUPLES - 1 });
/** The index of the next tuple of the same key, or -1. */
const nextOf = (output: readonly Totalled[], index: number): number =>
  output.findIndex((tuple, i) => i > index && tuple.key === output[index].key && !isFinal(tuple));

test('an output in which all is well', () => {
  assert.ok(TUPLES > SOME_KEYS.length * LIFE - PUSHED_IDS);
  finds(WELL, {});
});

test('numbers: place and key of a tuple tell it again', () => {
  fc.assert(
    fc.property(fc.nat(KEYS + 63), fc.nat(100_000), (key, place) => {
      const uid = uidAt(key, place);
      assert.equal(keyOfUid(uid), key);
      assert.equal(sequenceOf(uid), place);
      assert.equal(keyNumber(keyText(key)), key);
    }),
    runs(200),
  );
});

test('a tuple that does not come is lost, wherever it was; its effect is missing in the state as well, or not', () => {
  fc.assert(
    fc.property(anyIndex, fc.boolean(), (index, hadEffect) => {
      const { uid, key } = WELL[index];
      const output = hadEffect ? WELL.filter((_, i) => i !== index) : outputOf({ before: [uid], behind: [] });
      const [text] = finds(regrouped(output), { lost: 1 });
      assert.match(text, new RegExp(`'${key}' \\(${uid}\\) did not come`));
    }),
    runs(20),
  );
});

test('the last tuples of a key are lost as any other', () => {
  for (const key of SOME_KEYS) {
    const places = WELL.flatMap((tuple, i) => (tuple.key === keyText(key) && !isFinal(tuple) ? [i] : []));
    const last = places.slice(-3);
    finds(regrouped(WELL.filter((_, i) => !last.includes(i))), { lost: 3 });
  }
});

test('a tuple that comes twice, at once or later', () => {
  fc.assert(
    fc.property(anyIndex, fc.nat(300), (index, later) => {
      const output = [...WELL];
      output.splice(Math.min(TUPLES, index + 1 + later), 0, WELL[index]);
      finds(regrouped(output), { doubled: 1 });
    }),
    runs(20),
  );
});

test('two tuples of a key in the wrong order', () => {
  fc.assert(
    fc.property(anyIndex, (index) => {
      const next = nextOf(WELL, index);
      fc.pre(next >= 0);
      const output = [...WELL];
      [output[index], output[next]] = [output[next], output[index]];
      finds(regrouped(output), { reordered: 1 });
    }),
    runs(20),
  );
});

test('two tuples of different keys in another order are no violation', () => {
  fc.assert(
    fc.property(anyIndex, (index) => {
      fc.pre(index + 1 < TUPLES && WELL[index].key !== WELL[index + 1].key);
      const output = [...WELL];
      [output[index], output[index + 1]] = [output[index + 1], output[index]];
      finds(regrouped(output), {});
    }),
    runs(20),
  );
});

test('a state that has missed a tuple, or has taken one twice, is wrong once', () => {
  fc.assert(
    fc.property(anyIndex, fc.boolean(), (index, twice) => {
      const { uid } = WELL[index];
      const wrong = (history: number[], at: number): number[] => {
        if (at !== uid) return history;
        return twice ? [...history, uid] : history.slice(0, -1);
      };
      fc.pre(twice || WELL[index].count > 1);
      const { found } = verdict(outputOf(NOTHING, wrong));
      assert.deepEqual(found, { wrongState: 1 });
    }),
    runs(15),
  );
});

test('each field of a state', () => {
  const spoil: Partial<Totalled>[] = [
    { count: 77_777 },
    { digest: 1 },
    { before: 'another text' },
    { rows: 6 },
    { recent: -1 },
    { tuples: 99_999 },
    { total: 5 },
    { group: 31 },
    { key: 'no such key' },
  ];
  for (const fields of spoil) {
    for (const index of [0, 100, TUPLES - 1]) {
      const output = WELL.map((tuple, i) => (i === index ? { ...tuple, ...fields } : tuple));
      const { found } = verdict(output);
      assert.ok((found.wrongState ?? 0) >= 1, `${JSON.stringify(fields)} at ${index}: ${JSON.stringify(found)}`);
    }
  }
});

test('a tuple that comes out with the key of another', () => {
  const output = WELL.map((tuple, i) =>
    i === 50 ? { ...tuple, key: keyText(keyOfUid(tuple.uid) === 3 ? 5 : 3) } : tuple,
  );
  const { found } = verdict(output);
  assert.ok((found.wrongState ?? 0) >= 1);
  assert.equal(found.lost, 1);
});

test('final states: missing, twice, wrong, before the last tuple', () => {
  const finals = WELL.slice(TUPLES);
  assert.equal(finals.length, SOME_KEYS.length);
  const tuples = WELL.slice(0, TUPLES);
  finds([...tuples, ...finals.slice(1)], { lost: 1 });
  finds([...WELL, finals[0]], { doubled: 1 });
  finds([...tuples, { ...finals[0], digest: 3 }, ...finals.slice(1)], { wrongState: 1 });
  const last = tuples.map(({ key }) => key).lastIndexOf(finals[0].key);
  finds([...tuples.slice(0, last), finals[0], ...tuples.slice(last), ...finals.slice(1)], { reordered: 1 });
});

test('tuples that are dead letters are left out without blame, in front of the state and behind it', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyIndex, { maxLength: 6 }),
      fc.uniqueArray(anyIndex, { maxLength: 6 }),
      (first, second) => {
        const before = first.map((index) => WELL[index].uid);
        const behind = second.filter((index) => !first.includes(index)).map((index) => WELL[index].uid);
        finds(outputOf({ before, behind }), {}, { leftOut: { before, behind } });
      },
    ),
    runs(15),
  );
});

test('a tuple that is left out and no dead letter is lost, though an order excused it', () => {
  fc.assert(
    fc.property(anyIndex, (index) => {
      const leftOut = { before: [WELL[index].uid], behind: [] };
      finds(outputOf(leftOut), { lost: 1 }, { leftOut, dead: [] });
    }),
    runs(20),
  );
});

test('a tuple that comes out and is a dead letter as well took effect twice', () => {
  fc.assert(
    fc.property(anyIndex, (index) => {
      const { uid } = WELL[index];
      finds(WELL, { doubled: 1 }, { dead: [uid] });
    }),
    runs(20),
  );
});

test('a source that made more, or fewer, tuples than came out', () => {
  const violations = new Violations();
  const oracle = new Oracle('output', violations, () => undefined);
  for (const tuple of WELL) oracle.see(keyNumber(tuple.key), tuple);
  oracle.finish({ idsOf: (key) => idsOf(key) + (key < KEYS ? KEYS : 0), dead: [], deadFinals: new Set(), covers });
  assert.equal(violations.counts.lost, SOME_KEYS.filter((key) => key < KEYS).length * 2);
  const fewer = new Violations();
  const other = new Oracle('output', fewer, () => undefined);
  for (const tuple of WELL) other.see(keyNumber(tuple.key), tuple);
  other.finish({ idsOf: (key) => idsOf(key) - KEYS, dead: [], deadFinals: new Set(), covers });
  assert.equal(fewer.counts.other, SOME_KEYS.length);
});

test('a file that names only key, tuple, count and digest is checked by these', () => {
  const lines = WELL.map(({ key, uid, count, digest }) => ({ key: keyNumber(key), uid, count, digest }));
  const see = (shown: typeof lines): Violations => {
    const violations = new Violations();
    const oracle = new Oracle('file', violations, () => undefined);
    for (const { key, ...line } of shown) oracle.see(key, line);
    oracle.finish({ idsOf, dead: [], deadFinals: new Set(), covers });
    return violations;
  };
  assert.equal(see(lines).total, 0);
  assert.equal(see(lines.filter((_, i) => i !== 40)).counts.lost, 1);
  assert.equal(see([...lines.slice(0, 40), lines[39], ...lines.slice(40)]).counts.doubled, 1);
  assert.equal(see(lines.map((line, i) => (i === 40 ? { ...line, digest: 1 } : line))).counts.wrongState, 1);
});
