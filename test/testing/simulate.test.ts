// Goal: a simulated job is a job: the same results, through crashes of every kind, in virtual time; the same seed is the same
// run; and what a job would get wrong after a crash, a seed shows. What the kit is told wrong is a clear error.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { MillraceError } from '../../src/index.ts';
import { ExactlyOnce, type ExactlyOnceReport, type SimulateOptions, simulate } from '../../src/testing.ts';
import { counting, elastic, failing, files, forgetful, lengthsOf, numbered, taking } from '../kit/flows/simulated.ts';
import { rejection, thrown } from '../kit/run-flow.ts';
import { newPath } from '../kit/temporary-files.ts';

/** Crashes often, at any store, and not for ever. */
const WILD = { crashes: 0.1, crashesMax: 15, workers: 2, ringBytes: 1 << 13 } as const;
const TUPLES = 300;

interface Counted {
  readonly key: number;
  readonly number: number;
  readonly count?: number;
}

function judge(tuples: readonly Counted[], sent = TUPLES): ExactlyOnceReport<number> {
  const oracle = new ExactlyOnce<number>();
  for (const { key, number } of tuples) oracle.see(key, number);
  return oracle.finish(lengthsOf(sent));
}

test('jobs whose workers die again and again: every tuple once, in order, with the state that it should have', async () => {
  let crashes = 0;
  for (let seed = 0; seed < 20; seed++) {
    const { outputs, state, events, reading, ...run } = await simulate(counting, {
      ...WILD,
      seed,
      params: { tuples: TUPLES },
    });
    assert.deepEqual(judge(outputs.counted).violations, [], `seed ${seed}`);
    for (const { number, count } of outputs.counted) assert.equal(count, number + 1, `seed ${seed}`);
    const rows = state.count.map(({ key, value }) => [key.key, value.count]);
    assert.deepEqual(rows.sort(), lengthsOf(TUPLES), `seed ${seed}`);
    assert.equal(reading.operators.find(({ name }) => name === 'count')?.tuplesIn, TUPLES);
    assert.equal(events.at(-1)?.type, 'ended');
    crashes += run.crashes;
  }
  assert.ok(crashes > 50, `${crashes} crashes`);
});

test('the same seed is the same run, to the last store; another seed is another one', async () => {
  const digests = [];
  for (const seed of [7, 8, 7]) {
    const { digest, trace } = await simulate(counting, { ...WILD, seed, params: { tuples: TUPLES } });
    assert.ok(trace.length > 20);
    digests.push([digest, trace]);
  }
  assert.deepEqual(digests[0], digests[2]);
  assert.notDeepEqual(digests[0], digests[1]);
});

test('all kinds of crashes come: exits, errors, drills, hangs, spares that cannot be loaded', async () => {
  const reasons = new Set<string>();
  let traces = '';
  for (let seed = 0; seed < 40; seed++) {
    const options = { ...WILD, seed, spares: 2, hangTimeoutMs: 500, params: { tuples: TUPLES } };
    const { events, trace } = await simulate(counting, options);
    for (const event of events) {
      if (event.type === 'crash') reasons.add((event.report.reason as MillraceError).code);
      if (event.type === 'spareFailed') reasons.add('spareFailed');
    }
    traces += trace.join('\n');
  }
  assert.deepEqual([...reasons].sort(), ['WORKER_DIED', 'WORKER_HUNG', 'WORKER_KILLED', 'spareFailed']);
  for (const kind of [
    'exit there',
    'throw there',
    'hang there',
    'doomed there',
    'zombie at its end',
    'kill at its end',
  ]) {
    assert.ok(traces.includes(kind), kind);
  }
});

test('an hour of virtual time is over at once', async () => {
  const beganMs = performance.now();
  const params = { tuples: 60, ratePerSecond: 1 / 60 };
  const { virtualMs, outputs } = await simulate(counting, {
    seed: 1,
    params,
    crashes: 0,
    lingerMs: 60_000,
    virtualMsMax: 7_200_000,
  });
  assert.ok(virtualMs > 59 * 60_000, `${virtualMs} ms`);
  assert.equal(outputs.counted.length, 60);
  // Not a measure of speed: an hour of real time would be far off.
  assert.ok(performance.now() - beganMs < 600_000);
});

test('an operator with its state outside of its rows: a seed shows it', async () => {
  const wrong = async (seed: number): Promise<boolean> => {
    const { outputs } = await simulate(forgetful, { ...WILD, seed, params: { tuples: TUPLES } });
    return outputs.counted.some(({ number, count }) => count !== number + 1);
  };
  const results = [];
  for (let seed = 0; seed < 10; seed++) results.push(await wrong(seed));
  assert.ok(results.includes(true));
  const first = results.indexOf(true);
  assert.equal(await wrong(first), true, `seed ${first}, once more`);
  const calm = await simulate(forgetful, { seed: first, crashes: 0, params: { tuples: TUPLES } });
  assert.ok(calm.outputs.counted.every(({ number, count }) => count === number + 1));
});

test('a source that does not give the same tuples again: a seed shows it', async () => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 30; seed++) {
    const params = { tuples: 10 * TUPLES, queue: `wild ${seed}` };
    const { outputs } = await simulate(taking, { ...WILD, seed, params });
    for (const { kind } of judge(outputs.taken, 10 * TUPLES).violations) kinds.add(kind);
  }
  assert.deepEqual([...kinds], ['lost']);
});

test('what an operator fails at is a dead letter, also among crashes', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const { outputs, deadLetters } = await simulate(failing, {
      ...WILD,
      seed,
      params: { tuples: TUPLES, policy: 'deadLetter' },
    });
    const [letter] = deadLetters.filter(({ error }) => error.message === 'three of two');
    assert.deepEqual([letter.operator, letter.tuple], ['check', { key: 2, number: 3 }]);
    const oracle = new ExactlyOnce<number>();
    for (const { key, number } of outputs.checked) oracle.see(key, number);
    for (const { tuple } of deadLetters) oracle.excuse((tuple as Counted).key, (tuple as Counted).number);
    assert.deepEqual(oracle.finish(lengthsOf(TUPLES)).violations, [], `seed ${seed}`);
  }
});

test('a job that fails: seed, reason and trace are in the message', async () => {
  const error = await rejection(
    simulate(failing, { seed: 3, params: { tuples: TUPLES, policy: 'stop' } }),
    'SIMULATION_FAILED',
  );
  assert.match(error.message, /flow 'failing' failed with seed 3: operator 'check' failed at row .*three of two/);
  assert.match(error.message, /\n +[0-9.]+ job +failed: /);
  assert.equal((error.cause as MillraceError).code, 'OPERATOR_FAILED');
  assert.equal(error.details.seed, 3);
});

test('a job that stands still is found, and one that never ends', async () => {
  const forever: SimulateOptions['app'] = () => new Promise(() => {});
  const still = await rejection(
    simulate(counting, { seed: 1, crashes: 0, params: { tuples: 10 }, app: forever }),
    'SIMULATION_FAILED',
  );
  assert.match(still.message, /nothing can run, and nobody waits for a time/);
  const params = { tuples: 1_000_000, ratePerSecond: 1 };
  const endless = await rejection(
    simulate(counting, { seed: 1, crashes: 0, params, virtualMsMax: 1000 }),
    'SIMULATION_FAILED',
  );
  assert.match(endless.message, /it has not ended after 1000 ms of virtual time/);
  const busy = await rejection(simulate(counting, { seed: 1, crashes: 0, params, stepsMax: 100 }), 'SIMULATION_FAILED');
  assert.match(busy.message, /it has not ended after 100 steps/);
});

test('files and inputs: real reads and writes, the same run each time, and each line once', async () => {
  const from = newPath('txt');
  const lines = Array.from({ length: 500 }, (_, number) => `line ${number}`);
  writeFileSync(from, lines.map((line) => `${line}\n`).join(''));
  const more = Array.from({ length: 100 }, (_, number) => ({ line: `more ${number}` }));
  for (const seed of [1, 2, 3]) {
    const digests = [];
    for (const time of ['first', 'second']) {
      const to = newPath('out');
      const { digest, deadLetters } = await simulate(files, { ...WILD, seed, params: { from, to }, inputs: { more } });
      digests.push(digest);
      const left = deadLetters.map(({ tuple }) => (tuple as { line: string }).line);
      const written = readFileSync(to, 'utf8').split('\n').slice(0, -1);
      const both = [...written, ...left].sort();
      assert.deepEqual(both, [...lines, ...more.map(({ line }) => line)].sort(), `seed ${seed}, ${time}`);
    }
    assert.equal(digests[0], digests[1], `seed ${seed}`);
  }
});

test('the app beside the job: reads state, kills workers, stops the job', async () => {
  const counts: number[] = [];
  const params = { tuples: 1_000_000, ratePerSecond: 1000 };
  const { outputs, virtualMs } = await simulate(counting, {
    seed: 5,
    params,
    workers: 2,
    crashes: 0,
    app: async (job, sleep) => {
      for (let reads = 0; reads < 5; reads++) {
        await sleep(200);
        const row = await job.state<{ count: number }>('count').get(1);
        counts.push(row?.count ?? 0);
        await job.killWorker(job.workers()[0].worker);
      }
      await job.stop();
    },
  });
  assert.ok(virtualMs > 1000 && virtualMs < 60_000, `${virtualMs} ms`);
  assert.deepEqual(
    counts,
    [...counts].sort((one, other) => one - other),
  );
  assert.ok(counts[4] > counts[0]);
  assert.ok(judge(outputs.counted, outputs.counted.length).isClean);
});

test('killers: a tuple is left out only if that is asked for, and then as a dead letter', async () => {
  const leftOut = async (killers: boolean): Promise<number> => {
    let count = 0;
    for (let seed = 0; seed < 15; seed++) {
      const options = { ...WILD, crashes: 0.5, crashesMax: 60, seed, killers, params: { tuples: TUPLES } };
      const { outputs, deadLetters } = await simulate(counting, options);
      const oracle = new ExactlyOnce<number>();
      for (const { key, number } of outputs.counted) oracle.see(key, number);
      for (const { tuple, error } of deadLetters) {
        assert.equal((error as MillraceError).code, 'TUPLE_KILLED_WORKER');
        // The letter of a source tells which of its tuples it was.
        const { key, number } =
          'index' in (tuple as object) ? numbered((tuple as { index: number }).index) : (tuple as Counted);
        oracle.excuse(key, number);
      }
      assert.deepEqual(oracle.finish(lengthsOf(TUPLES)).violations, [], `seed ${seed}`);
      count += deadLetters.length;
    }
    return count;
  };
  assert.equal(await leftOut(false), 0);
  // Few tuples have so many deaths; that all others come through is what the oracle sees to.
  await leftOut(true);
});

test('replicas, key groups and workers change while workers die: every tuple once, in order, with its state', async () => {
  const seen = new Set<string>();
  let handOvers = 0;
  for (let seed = 0; seed < 20; seed++) {
    const { outputs, events, changes } = await simulate(elastic, {
      ...WILD,
      seed,
      changes: 0.1,
      changesMax: 10,
      maxWorkers: 4,
      params: { tuples: TUPLES, ratePerSecond: 2000 },
    });
    assert.deepEqual(judge(outputs.counted).violations, [], `seed ${seed}`);
    for (const { number, count } of outputs.counted) assert.equal(count, number + 1, `seed ${seed}`);
    assert.ok(changes <= 10);
    for (const event of events) {
      const isSpread = event.type === 'scaled' && event.from === event.to;
      seen.add(event.type !== 'scaled' ? event.type : isSpread ? 'spread anew' : `${event.from} to ${event.to}`);
      if (event.type === 'handOver') handOvers++;
    }
  }
  for (const kind of ['1 to 3', '3 to 1', 'spread anew', 'moved', 'crash']) assert.ok(seen.has(kind), kind);
  assert.ok(handOvers > 20, `${handOvers} hand-overs`);
});

test('changes come by themselves if an operator is elastic, and else only if they are asked for', async () => {
  const changesOf = async (flow: typeof counting | typeof elastic, changes?: number): Promise<number> => {
    let count = 0;
    for (let seed = 0; seed < 8; seed++) {
      const options = { seed, crashes: 0, params: { tuples: TUPLES }, ...(changes !== undefined && { changes }) };
      count += (await simulate(flow as typeof counting, options)).changes;
    }
    return count;
  };
  assert.ok((await changesOf(elastic)) > 0);
  assert.equal(await changesOf(elastic, 0), 0);
  assert.equal(await changesOf(counting), 0);
  assert.ok((await changesOf(counting, 0.1)) > 0);
});

test('several at once wait for one another', async () => {
  const run = (): Promise<string> =>
    simulate(counting, { ...WILD, seed: 4, params: { tuples: TUPLES } }).then(({ digest }) => digest);
  const digests = await Promise.all([run(), run(), run()]);
  assert.equal(new Set(digests).size, 1);
  assert.equal(new Int32Array(new SharedArrayBuffer(8)).constructor, Int32Array);
  assert.equal(Int32Array.name, 'Int32Array');
});

test('crashes between turns only', async () => {
  const { trace, crashes } = await simulate(counting, {
    ...WILD,
    seed: 6,
    anywhere: false,
    params: { tuples: TUPLES },
  });
  assert.ok(crashes > 0);
  assert.ok(!trace.join('\n').includes(' there'));
});

test('bad options', () => {
  const params = { tuples: 1 };
  const bad: [SimulateOptions<typeof params>, RegExp][] = [
    [undefined as never, /options/],
    [{ params } as never, /seed/],
    [{ seed: -1, params }, /seed/],
    [{ seed: 1, params, crashes: 2 }, /crashes/],
    [{ seed: 1, params, changes: 0.6 }, /changes/],
    [{ seed: 1, params, changesMax: -1 }, /changesMax/],
    [{ seed: 1, params, workers: 0 }, /workers/],
    [{ seed: 1, params, workers: 3, maxWorkers: 2 }, /maxWorkers/],
    [{ seed: 1, params, inputs: 3 as never }, /inputs/],
    [{ seed: 1, params, app: 3 as never }, /app/],
    [{ seed: 1, params, anywhere: 1 as never }, /anywhere/],
    [{ seed: 1, params, killers: 1 as never }, /killers/],
    [{ seed: 1, params, worker: 2 } as never, /worker/],
  ];
  for (const [options, message] of bad) {
    const error = thrown(() => simulate(counting, options), 'BAD_OPTION');
    assert.match(error.message, message);
  }
});
