// Goal: what the explorer leaves out makes no difference: it ends in the same states as a search that leaves nothing out.
// MILLRACE_TEST_SEED=<seed> repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { explore } from '../../proof/explore/explorer.ts';
import { type ToyThread, toyScene } from '../kit/toy-scene.ts';

const CELLS = 4;

/**
 * `copy` is two operations: a load, and a store of what was loaded and one more. At a `turn` a thread holds nothing but where it is, so
 * ways are joined there.
 */
interface Step {
  readonly kind: 'store' | 'add' | 'copy' | 'swap' | 'skipIf' | 'turn';
  readonly cell: number;
  readonly other: number;
  readonly value: number;
}

interface Program {
  readonly threads: readonly (readonly Step[])[];
  readonly mayCrash: boolean;
}

/** The atomic operations of a thread, one after the other. */
function* operationsOf(
  steps: readonly Step[],
  turn: (at: number) => void = () => {},
): Generator<(cells: Int32Array) => number, void, number> {
  for (let i = 0; i < steps.length; i++) {
    const { kind, cell, other, value } = steps[i];
    if (kind === 'turn') turn(i);
    else if (kind === 'store') yield (cells) => Atomics.store(cells, cell, value);
    else if (kind === 'add') yield (cells) => Atomics.add(cells, cell, value);
    else if (kind === 'swap') yield (cells) => Atomics.compareExchange(cells, cell, value, value + 1);
    else {
      const loaded = yield (cells) => Atomics.load(cells, cell);
      if (kind === 'copy') yield (cells) => Atomics.store(cells, other, (loaded + 1) & 7);
      else if (loaded === value) i++;
    }
  }
}

const threadOf =
  (steps: readonly Step[]): ToyThread =>
  (cells, context) => {
    const operations = operationsOf(steps, (at) => context.turn(at));
    for (let next = operations.next(0); next.done !== true; ) next = operations.next(next.value(cells));
  };

/** Ends of all interleavings, tried one by one: a thread is its program and the results that it had. */
function endsOf({ threads, mayCrash }: Program): Set<string> {
  const ends = new Set<string>();
  const seen = new Set<string>();
  const visit = (cells: Int32Array, results: readonly (readonly number[])[], crashesLeft: number): void => {
    const key = `${cells.join()} ${results.map((each) => each.join()).join(' ')} ${crashesLeft}`;
    if (seen.has(key)) return;
    seen.add(key);
    let isEnd = true;
    for (const [thread, steps] of threads.entries()) {
      const operations = operationsOf(steps);
      let next = operations.next(0);
      for (const result of results[thread]) next = operations.next(result);
      if (crashesLeft > 0 && thread === 0 && next.done !== true) {
        visit(cells, results.with(thread, []), crashesLeft - 1);
      }
      if (next.done === true) continue;
      isEnd = false;
      const after = cells.slice();
      const result = next.value(after);
      visit(after, results.with(thread, [...results[thread], result]), crashesLeft);
      // It may die behind its last operation as well.
      if (crashesLeft > 0 && thread === 0) visit(after, results.with(thread, []), crashesLeft - 1);
    }
    if (isEnd) ends.add(cells.join());
  };
  visit(
    new Int32Array(CELLS),
    threads.map(() => []),
    mayCrash ? 1 : 0,
  );
  return ends;
}

const cellNumber = fc.nat({ max: CELLS - 1 });
const step = fc.record({
  kind: fc.constantFrom('store', 'add', 'copy', 'swap', 'skipIf', 'turn'),
  cell: cellNumber,
  other: cellNumber,
  value: fc.nat({ max: 2 }),
}) as fc.Arbitrary<Step>;
const program = fc.record({
  threads: fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 3 }),
  mayCrash: fc.boolean(),
}) as fc.Arbitrary<Program>;

test('the ends of random programs are those that a search without reductions finds', async () => {
  const seed = Number(process.env.MILLRACE_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(program, async (made) => {
      const ends = new Set<string>();
      const options = {
        mayCrash: [made.mayCrash],
        crashes: made.mayCrash ? 1 : 0,
        problemAtEnd: (cells: Int32Array) => {
          ends.add(cells.subarray(0, CELLS).join());
          return undefined;
        },
      };
      const scene = () => toyScene(made.threads.map(threadOf), options);
      const { violation } = await explore({ name: 'random', title: '', scene });
      assert.equal(violation, undefined);
      assert.deepEqual([...ends].sort(), [...endsOf(made)].sort());
    }),
    { seed, numRuns: 150 },
  );
});

test('joining the ways of a loop changes no end', async () => {
  /** Adds to a cell until it has seen it at 4 or more, and notes how often. */
  const adding =
    (own: number): ToyThread =>
    (cells, context) => {
      const kept = { times: 0 };
      for (;;) {
        context.turn(kept);
        if (Atomics.load(cells, 0) >= 4) break;
        Atomics.add(cells, 0, 1);
        kept.times++;
      }
      Atomics.store(cells, own, kept.times);
    };
  const endsWith = async (joinsTurns: boolean): Promise<{ ends: string[]; states: number; interleavings: number }> => {
    const ends: string[] = [];
    const problemAtEnd = (cells: Int32Array) => {
      ends.push(cells.subarray(0, 3).join());
      return undefined;
    };
    const scene = () => toyScene([adding(1), adding(2)], { problemAtEnd });
    const { violation, states, interleavings } = await explore({ name: 'loops', title: '', scene }, { joinsTurns });
    assert.equal(violation, undefined);
    return { ends: ends.sort(), states, interleavings };
  };
  const joined = await endsWith(true);
  const apart = await endsWith(false);
  assert.deepEqual(joined.ends, apart.ends);
  assert.ok(joined.ends.length > 4);
  assert.ok(joined.states <= apart.states);
});
