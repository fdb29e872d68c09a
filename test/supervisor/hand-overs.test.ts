// Goal: key groups change owners on real threads while the flow runs at full speed, while workers are killed, at the end of the
// stream, and under every option that could get in the way; nothing is lost, doubled or reordered, and state is always right.
// MILLRACE_TEST_SEED=<seed> repeats the choices of who is killed and changed; when that happens is the machine's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobEvent, MillraceError, RunOptions } from '../../src/index.ts';
import { calling, counting, type ElasticParams, textOf, texts } from '../kit/flows/elastic.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { enlisted, operatorOf } from '../kit/readings.ts';
import { until } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const TIMEOUT = { timeout: 120_000 };
const firstSeed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

type Counts = Awaited<ReturnType<typeof counting.run>>;
type Options = Omit<RunOptions<ElasticParams>, 'params'>;

/** More tuples than any test waits for: the stream goes on until the test stops it. */
const ENDLESS = 2 ** 31;

/**
 * Runs the flow while `change` changes it, and checks that every key was counted right, by both operators.
 * @param change must stop the job, or an endless stream is stopped behind it
 */
async function run(
  params: ElasticParams,
  options: Options,
  change: (job: Counts) => Promise<unknown>,
): Promise<JobEvent[]> {
  const job = await counting.run({ params, spares: 0, supervision: { intensity: 1_000_000 }, ...options });
  const events: JobEvent[] = [];
  job.on('*', (event) => events.push(event), { past: true });
  const changing = change(job).finally(() => params.tuples === ENDLESS && job.stop());
  changing.catch(() => {});
  const counts = new Map<number, number>();
  for await (const { key, count, wrong } of job.output('counts')) {
    assert.equal(wrong, 0, `key ${key}`);
    assert.ok(!counts.has(key));
    counts.set(key, count);
  }
  await changing;
  await job.done;
  const [source] = job.reading().operators;
  const tuples = params.tuples === ENDLESS ? source.tuplesOut : params.tuples;
  assert.equal(counts.size, Math.min(params.keys, tuples));
  for (const [key, count] of counts) assert.equal(count, Math.ceil((tuples - key) / params.keys), `key ${key}`);
  return events;
}

const handOversOf = (events: readonly JobEvent[]): number => events.filter(({ type }) => type === 'handOver').length;

/** Changes whatever it finds until nothing can be changed any more. */
async function changeAtRandom(
  job: Job,
  random: (below: number) => number,
  operators: readonly string[],
): Promise<void> {
  let isOver = false;
  job.done
    .catch(() => {})
    .finally(() => {
      isOver = true;
    });
  while (!isOver) {
    const operator = operators[random(operators.length)];
    const kind = random(6);
    if (kind === 0) await job.rebalance(operator);
    else if (kind <= 2) await moveSome(job, random);
    else await job.scale(operator, 1 + random(3));
    await sleep(random(10));
  }
}

async function moveSome(job: Job, random: (below: number) => number): Promise<void> {
  const workers = job.workers().filter(({ state }) => state === 'active');
  const actors = workers.flatMap((worker) => worker.actors);
  const { operator, replica } = actors[random(actors.length)] ?? {};
  const to = workers[random(workers.length)];
  if (operator === undefined || replica === undefined || to === undefined) return;
  await job.move(operator, replica, to.worker).catch((error: MillraceError) => {
    // It has retired, or the worker has died.
    assert.equal(error.code, 'UNKNOWN_NAME');
  });
}

async function killAtRandom(job: Job, random: (below: number) => number, kills: number): Promise<void> {
  for (let i = 0; i < kills; i++) {
    await sleep(20 + random(60));
    const workers = job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
    // All are on their way.
    if (workers.length === 0) continue;
    await job.killWorker(workers[random(workers.length)].worker).catch(() => {});
  }
}

test('out and in again, at full speed', TIMEOUT, async () => {
  const events = await run({ tuples: ENDLESS, keys: 1000, max: 3 }, { workers: 2 }, async (job) => {
    assert.equal((await job.scale('count', 2)).to, 2);
    assert.equal(enlisted(job, 'count'), 2);
    await job.scale('count', 3);
    assert.equal(enlisted(job, 'count'), 3);
    await job.scale('check', 2);
    await job.scale('count', 1);
    assert.equal(enlisted(job, 'count'), 1);
    await job.scale('check', 1);
  });
  assert.ok(handOversOf(events) >= 5);
});

for (let i = 0; i < shortOrLong(1, 3); i++) {
  const seed = firstSeed + i;
  test(`scaled, rebalanced and moved while workers are killed (seed ${seed})`, TIMEOUT, async (context) => {
    const random = randomOf(seed);
    const params = { tuples: 60_000, keys: 200, max: 3, ratePerSecond: 40_000 };
    const events = await run(params, { workers: 2, maxWorkers: 3, spares: 1 }, async (job) => {
      await Promise.all([changeAtRandom(job, random, ['count', 'check']), killAtRandom(job, random, 8)]);
    });
    const crashes = events.filter(({ type }) => type === 'crash').length;
    context.diagnostic(`${handOversOf(events)} hand-overs, ${crashes} crashes`);
  });
}

test(
  'state is never torn nor older than it was, whoever owns it, and on its way to another worker',
  TIMEOUT,
  async () => {
    const random = randomOf(firstSeed);
    const params = { tuples: 60_000, keys: 50, max: 3, ratePerSecond: 40_000 };
    await run(params, { workers: 2 }, async (job) => {
      const state = job.state<{ count: number; twice: number }>('count');
      let isOver = false;
      const changing = changeAtRandom(job, random, ['count']).finally(() => {
        isOver = true;
      });
      const last = new Array(params.keys).fill(0);
      for (let read = 0; !isOver; read++) {
        const key = read % params.keys;
        const row = await state.get(key);
        // When the job is over answers come at once.
        await nextTurn();
        if (row === undefined) continue;
        assert.equal(row.twice, 2 * row.count);
        assert.ok(row.count >= last[key], `key ${key} went back from ${last[key]} to ${row.count}`);
        last[key] = row.count;
      }
      await changing;
    });
  },
);

const HARD: Readonly<Record<string, { readonly params: ElasticParams; readonly options: Options }>> = {
  'tiny rings and slow closures': {
    params: { tuples: 3000, keys: 100, max: 3, workMs: 0.2 },
    options: { workers: 2, ringBytes: 4096 },
  },
  'a long linger': {
    params: { tuples: 30_000, keys: 100, max: 3, ratePerSecond: 30_000 },
    options: { workers: 2, lingerMs: 60 },
  },
  'many small key groups, and one key that is all the load': {
    params: { tuples: 200_000, keys: 1, max: 3, ratePerSecond: 200_000 },
    options: { workers: 2 },
  },
  'more replicas than workers': {
    params: { tuples: 40_000, keys: 500, max: 3, start: 3, ratePerSecond: 40_000 },
    options: { workers: 1 },
  },
};

for (const [name, { params, options }] of Object.entries(HARD)) {
  test(`under ${name}`, TIMEOUT, async () => {
    await run(params, options, (job) => changeAtRandom(job, randomOf(firstSeed), ['count', 'check']));
  });
}

for (const restore of ['ifDamaged', 'always'] as const) {
  test(`with backups, restored ${restore}, while workers are killed`, TIMEOUT, async () => {
    const random = randomOf(firstSeed);
    const params = { tuples: ENDLESS, keys: 200, max: 3, ratePerSecond: 40_000 };
    const options: Options = { workers: 2, spares: 1, backup: { everyMs: 20, restore } };
    const events = await run(params, options, async (job) => {
      // Retires, and joins again.
      for (const count of [2, 1, 2]) await job.scale('count', count);
      const killing = killAtRandom(job, random, 5).finally(() => job.stop());
      await Promise.all([changeAtRandom(job, random, ['count', 'check']), killing]);
    });
    assert.ok(handOversOf(events) >= 3);
  });
}

test('too late: an operator that ends keeps its groups, and the job ends', TIMEOUT, async () => {
  for (let i = 0; i < 8; i += shortOrLong(3, 1)) {
    const params = { tuples: 500 * i, keys: 40, max: 3, ratePerSecond: 30_000 };
    await run(params, { workers: 2 }, async (job) => {
      await sleep(4 * i);
      for (const count of [2, 3, 1, 2]) {
        const { from, to, handOvers } = await job.scale('check', count);
        if (handOvers === 0) assert.equal(to, from);
      }
    });
  }
});

test('an operator that has ended is told as ended also if a replica was on its way', TIMEOUT, async () => {
  const events = await run({ tuples: 100, keys: 10, max: 2 }, { workers: 2 }, async (job) => {
    await job.scale('count', 2);
    await job.scale('check', 2);
  });
  const ended = events.flatMap((event) => (event.type === 'operatorEnded' ? [event.operator] : []));
  for (const operator of ['count', 'check']) assert.equal(ended.filter((name) => name === operator).length, 1);
});

test('what is asked for wrongly is refused by name', TIMEOUT, async () => {
  await run({ tuples: 20_000, keys: 10, max: 3, ratePerSecond: 40_000 }, { workers: 2 }, async (job) => {
    const code = (expected: string) => (error: MillraceError) => error.code === expected;
    for (const count of [0, 4, 1.5, Number.NaN, -1]) {
      await assert.rejects(job.scale('count', count), code('BAD_OPTION'));
    }
    await assert.rejects(job.scale('numbers', 2), code('BAD_OPTION'));
    await assert.rejects(job.scale('nobody', 2), code('UNKNOWN_NAME'));
    await assert.rejects(job.rebalance('nobody'), code('UNKNOWN_NAME'));
    await assert.rejects(job.rebalance('numbers'), code('BAD_OPTION'));
    await assert.rejects(job.move('nobody', 0, 0), code('UNKNOWN_NAME'));
    await assert.rejects(job.move('count', 2, 0), code('UNKNOWN_NAME'));
    await assert.rejects(job.move('count', 0, 99), code('UNKNOWN_NAME'));
  });
});

test('a job that is cancelled in a hand-over still tells its state', TIMEOUT, async () => {
  for (let i = 0; i < 5; i += shortOrLong(2, 1)) {
    const params = { tuples: 10_000_000, keys: 20, max: 2 };
    const job = await counting.run({ params, workers: 2, spares: 0 });
    await sleep(20);
    const scaling = job.scale('count', 2);
    await sleep(i * 3);
    await job.cancel();
    await scaling.catch(() => {});
    for (let key = 0; key < params.keys; key++) {
      const row = (await job.state('count').get(key)) as { count: number; twice: number } | undefined;
      if (row !== undefined) assert.equal(row.twice, 2 * row.count);
    }
  }
});

test('text keys, tables, removed keys, a stateless operator and a sink with ranges', TIMEOUT, async (context) => {
  const keys = 300;
  const tuples = 90_000;
  const seen = new SharedArrayBuffer(2 * keys * 4);
  const params = { tuples, keys, max: 3, ratePerSecond: 60_000, seen };
  const job = await texts.run({ params, workers: 2, spares: 0 });
  const events: JobEvent[] = [];
  job.on('*', (event) => events.push(event), { past: true });
  await changeAtRandom(job, randomOf(firstSeed), ['tag', 'count', 'sink']);
  await job.done;
  const places = [...new Int32Array(seen, 0, keys)];
  assert.deepEqual(
    [...new Int32Array(seen, keys * 4)],
    new Array(keys).fill(0),
    'tuples out of order, or with wrong state',
  );
  assert.ok(places.every((place, key) => place === Math.ceil((tuples - key) / keys)));
  for (const key of [0, 1, 7])
    assert.equal(await job.state('count').get(textOf(key)), undefined, 'all keys are removed');
  context.diagnostic(`${handOversOf(events)} hand-overs`);
});

test('a stateless operator whose order does not matter is shared without a key', async () => {
  const params = { calls: ENDLESS, max: 4, waitMs: 1 };
  // What is in the rings is still worked off when the source has stopped.
  const job = await calling.run({ params, workers: 1, maxWorkers: 5, spares: 0, ringBytes: 4096 });
  const shares = (): readonly number[] =>
    operatorOf(job, 'call')
      .replicas.filter(({ state }) => state !== 'dormant')
      .map(({ tuplesIn }) => tuplesIn);
  const sharing = (async () => {
    assert.equal((await job.scale('call', 4)).to, 4);
    assert.equal(shares().length, 4);
    await until(() => shares().every((tuples) => tuples > 0), 'work for each');
  })().finally(() => job.stop());
  sharing.catch(() => {});
  const seen = new Set<number>();
  let answers = 0;
  for await (const { n } of job.output('answers')) {
    seen.add(n);
    answers++;
  }
  await sharing;
  await job.done;
  const [source] = job.reading().operators;
  assert.deepEqual([seen.size, answers], [source.tuplesOut, source.tuplesOut]);
});
