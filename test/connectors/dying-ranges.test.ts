// Goal: whoever dies while it reads a range, at whatever store, leaves nothing half: those who go on read what one reader reads. In
// simulated jobs whose workers die at any store and whose ranges change hands; and of the memory of ranges, store by store.
// MILLRACE_TEST_SEED=<seed> repeats one simulated job.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MEMORY_CELLS, partitionsOf } from '../../src/flow/source.ts';
import { t } from '../../src/mailbox/schema.ts';
import { CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { simulate } from '../../src/testing.ts';
import { drain, drainEach } from '../kit/drive.ts';
import { csvSource } from '../kit/file-sources.ts';
import { inRanges, type RangeParams, textOfRecords } from '../kit/flows/ranges.ts';
import { eachSeed } from '../kit/seeds.ts';
import { fileOf } from '../kit/temporary-files.ts';

const TIMEOUT = { timeout: 120_000 };

test('the memory of ranges: a reader dies at every store, and others go on', TIMEOUT, async () => {
  const path = fileOf('a,b\n"c\n\n",d\nbad\n"e",f\n\n"g\n",h\ni,"\n"\nj,k\nl,m\n');
  const source = csvSource(path, { a: t.string(), b: t.string() }, { badRecords: 'skip' }, 16, 4);
  const expected = (await drainEach(source)).map(({ tuples }) => tuples);
  const memory = new CrashingMemory();
  let crashes = 0;
  await memory.within(async () => {
    for (let partition = 0; partition < partitionsOf(source); partition++) {
      for (let crashAt = 0; ; crashAt++) {
        memory.reset();
        memory.begin();
        const memories = expected.map(() => new Int32Array(new SharedArrayBuffer(4 * MEMORY_CELLS)));
        const memoryOf = (of: number): Int32Array => memories[of];
        memory.crashAt = crashAt;
        const rejected: [] = [];
        const dying = drain(source, { partition, memoryOf, memory: memoryOf(partition), rejected });
        // Whatever is made of its death, it is none that the others hear of.
        const failure = await dying.then(
          () => undefined,
          (error: unknown) => error,
        );
        if (!memory.rest()) {
          assert.equal(failure, undefined);
          break;
        }
        crashes++;
        const after = await drainEach(source, { memoryOf });
        assert.deepEqual(
          after.map(({ tuples }) => tuples),
          expected,
          `partition ${partition}, store ${crashAt}`,
        );
      }
    }
  });
  assert.ok(crashes > 100, `${crashes} crashes`);
});

const RUNS: Readonly<Record<string, Omit<RangeParams, 'path'>>> = {
  'one replica of all ranges': { kind: 'csv', ranges: 3, parallelism: 1, chunkBytes: 20 },
  'a range for each replica': { kind: 'csv', ranges: 3, parallelism: 3, chunkBytes: 64 },
  'ranges that change hands': { kind: 'csv', ranges: 7, parallelism: { max: 3 }, chunkBytes: 64 },
  'lines that change hands': { kind: 'lines', ranges: 7, parallelism: { start: 2, max: 3 }, chunkBytes: 33 },
};

for (const [name, how] of Object.entries(RUNS)) {
  test(`simulated jobs whose workers die at any store: ${name}`, TIMEOUT, async (context) => {
    const path = fileOf(textOfRecords(60));
    const tell = async (seed: number, params: RangeParams, calm: object = {}) => {
      const { outputs, deadLetters } = await simulate(inRanges, { seed, params, ...calm });
      const texts = (all: readonly unknown[]) => all.map((each) => JSON.stringify(each)).sort();
      return {
        tuples: texts((outputs as Record<string, unknown[]>).out),
        letters: texts(deadLetters.map(({ tuple }) => tuple)),
      };
    };
    const one = await tell(0, { ...how, path, ranges: 1, parallelism: 1 }, { crashes: 0 });
    assert.equal(one.letters.length, how.kind === 'csv' ? 6 : 0);
    await eachSeed(context, 20, async (seed) => {
      assert.deepEqual(await tell(seed, { ...how, path }), one);
    });
  });
}

test('who takes over tells the others of an end that its dead host had come to, and not told of', TIMEOUT, async () => {
  const params = { ...RUNS['ranges that change hands'], path: fileOf(textOfRecords(60)) };
  // The simulation fails if somebody sleeps who has something to do.
  const { outputs } = await simulate(inRanges, { seed: 1_190_754_115, params });
  assert.ok(Object.values(outputs).flat().length > 0);
});
