// Goal: a replica that joins a quick operator gets a small part of its key groups first and the rest later, all of it as planned; where that
// does not pay it gets all at once; and whatever happens while it warms up, the change ends and nothing is lost.
// MILLRACE_TEST_SEED=<seed> simulates other runs: from that seed on.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import type { Job, JobEvent, ScaleResult } from '../../src/index.ts';
import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import { planMoves } from '../../src/supervisor/elasticity/assignment.ts';
import { takeSips, Warmth } from '../../src/supervisor/elasticity/ramp-up.ts';
import { Random } from '../../src/testing/random.ts';
import { ExactlyOnce, simulate } from '../../src/testing.ts';
import { runs } from '../kit/arbitraries.ts';
import { counting } from '../kit/flows/elastic.ts';
import { partitioned } from '../kit/flows/partitioned.ts';
import { elastic, lengthsOf } from '../kit/flows/simulated.ts';
import { LocalJob } from '../kit/local-run.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const SIP_SHARE = 0.03;
const SEEDS = shortOrLong(4, 12);
/** In virtual time an operator is quick by chance: runs go on until so many were. */
const SIPS_MIN = 4;
const SEEDS_MAX = 48;
const firstSeed = Number(process.env.MILLRACE_TEST_SEED ?? 0);

type HandOver = Extract<JobEvent, { type: 'handOver' }>;
const handOversOf = (events: readonly JobEvent[]): HandOver[] =>
  events.filter((event): event is HandOver => event.type === 'handOver');

const sum = (values: readonly number[]): number => values.reduce((one, other) => one + other, 0);

test('sips and the rest are the moves; each joining replica has one sip, of a small share or of one group', () => {
  const loads = fc.array(fc.nat(1000), { minLength: KEY_GROUPS, maxLength: KEY_GROUPS });
  const replicas = fc.integer({ min: 2, max: 8 });
  const before = fc.integer({ min: 1, max: 7 });
  fc.assert(
    fc.property(loads, replicas, before, (weights, after, present) => {
      const from = Math.min(present, after - 1);
      const owners = weights.map((_, group) => group % from);
      const all = Array.from({ length: after }, (_, replica) => replica);
      const moves = planMoves(owners, weights, all);
      const joining = new Set(all.slice(from));
      const { sips, rest } = takeSips(moves, joining, weights);
      const told = (some: typeof moves): string[] =>
        some.flatMap(({ from, to, groups }) => groups.map((group) => `${group}: ${from} to ${to}`)).sort();
      assert.deepEqual(told([...sips, ...rest]), told(moves));
      assert.ok([...sips, ...rest].every(({ groups }) => groups.length > 0));
      const joined = moves.map(({ to }) => to).filter((to) => joining.has(to));
      assert.deepEqual(sips.map(({ to }) => to).sort(), [...new Set(joined)].sort());
      for (const { groups } of sips) {
        const load = sum(groups.map((group) => weights[group]));
        assert.ok(groups.length === 1 || load <= SIP_SHARE * sum(weights));
      }
    }),
    runs(200),
  );
});

test('a source is warm by the tuples that it has given: it takes none', () => {
  const epochMs = (): number => 0;
  const params = { partitions: 2, parallelism: 1, kind: 'generate' as const };
  const job = LocalJob.of(partitioned, { params, workers: 1, ringBytes: 1 << 20 }, { now: epochMs });
  const [source] = job.placements;
  const random = new Random(1);
  const warmth = new Warmth([source], [], { epochMs });
  assert.equal(warmth.isWarmAfter(0), false);
  for (let turns = 0; !warmth.isWarmAfter(0); turns++) {
    assert.ok(turns < 10_000, 'it is never warm');
    job.take(1, { choose: (count) => random.below(count) });
  }
});

const TUPLES = 8000;
const TUPLES_PER_MS = 20;
type App = (job: Job, sleep: (ms: number) => Promise<void>, events: readonly JobEvent[]) => Promise<void>;

/** Runs a job with an elastic operator while its app does something; checks that every tuple was counted once. */
async function run(seed: number, crashes: number, app: App): Promise<readonly JobEvent[]> {
  const { outputs, events } = await simulate(elastic, {
    seed,
    crashes,
    changes: 0,
    workers: 2,
    maxWorkers: 4,
    spares: 1,
    lingerMs: 0,
    ringBytes: 1 << 16,
    params: { tuples: TUPLES, ratePerSecond: 1000 * TUPLES_PER_MS },
    app: async (job, sleep) => {
      const heard: JobEvent[] = [];
      job.on('*', (event) => heard.push(event));
      await sleep(20);
      await app(job, sleep, heard);
    },
  });
  const oracle = new ExactlyOnce<number>();
  for (const { key, number } of outputs.counted) oracle.see(key, number);
  assert.deepEqual(oracle.finish(lengthsOf(TUPLES)).violations, [], `seed ${seed}`);
  return events;
}

const scaledOf = (events: readonly JobEvent[]): JobEvent[] => events.filter(({ type }) => type === 'scaled');

/** Resolves when there was a first hand-over: now the replica warms up. */
async function firstSip(sleep: (ms: number) => Promise<void>, events: readonly JobEvent[]): Promise<void> {
  while (handOversOf(events).length === 0) await sleep(0.5);
}

test('two replicas join: both sip, and then both get the rest', async () => {
  let sips = 0;
  for (let seed = firstSeed; sips < SIPS_MIN && seed < firstSeed + SEEDS_MAX; seed++) {
    const results: ScaleResult[] = [];
    const events = await run(seed, 0, async (job) => {
      results.push(await job.scale('count', 3));
    });
    const seen = handOversOf(events);
    const pairs = seen.map(({ from, to }) => `${from}>${to}`);
    const [{ from, to, groups, handOvers }] = results;
    assert.deepEqual({ from, to, handOvers }, { from: 1, to: 3, handOvers: seen.length }, `seed ${seed}`);
    assert.equal(groups, sum(seen.map((each) => each.groups)));
    // As loads are not known yet, each has as many groups as the others.
    for (const replica of [1, 2]) {
      const share = sum(seen.filter((each) => each.to === replica).map((each) => each.groups));
      assert.ok(share === 85 || share === 86, `seed ${seed}: ${share}`);
    }
    assert.equal(scaledOf(events).length, 1);
    if (seen.length === 2) continue;
    sips++;
    assert.deepEqual(pairs, ['0>1', '0>2', '0>1', '0>2'], `seed ${seed}`);
    for (const sip of seen.slice(0, 2)) assert.ok(sip.groups <= SIP_SHARE * KEY_GROUPS, `seed ${seed}: ${sip.groups}`);
  }
  assert.ok(sips >= SIPS_MIN, `${sips} sips`);
});

test('workers that die while a replica warms up: it gets the rest all the same', async () => {
  let sips = 0;
  for (let seed = firstSeed; sips < SIPS_MIN && seed < firstSeed + SEEDS_MAX; seed++) {
    const results: ScaleResult[] = [];
    const events = await run(seed, 0, async (job, sleep, heard) => {
      const scaling = job.scale('count', 2);
      await firstSip(sleep, heard);
      const hosts = job.workers().filter(({ actors }) => actors.some(({ operator }) => operator === 'count'));
      // The giver, the one that has joined, or both.
      const victims = hosts.filter((_, i) => seed % 3 === 2 || i === seed % 3);
      for (const { worker } of victims) await job.killWorker(worker);
      results.push(await scaling);
    });
    assert.ok(events.some(({ type }) => type === 'crash'));
    const [{ from, to, groups, handOvers }] = results;
    assert.deepEqual({ from, to, groups }, { from: 1, to: 2, groups: KEY_GROUPS / 2 }, `seed ${seed}`);
    sips += handOvers - 1;
  }
  assert.ok(sips >= SIPS_MIN, `${sips} sips`);
});

test('crashes at any store meanwhile', async () => {
  for (let seed = firstSeed; seed < firstSeed + SEEDS / 2; seed++) {
    const events = await run(seed, 0.05, async (job) => {
      for (const replicas of [3, 1, 2]) await job.scale('count', replicas);
    });
    for (const event of scaledOf(events)) assert.ok(event.type === 'scaled' && event.handOvers > 0);
  }
});

test('a stream that ends while a replica warms up: the change ends, and tells what was done', async () => {
  for (let seed = firstSeed; seed < firstSeed + SEEDS; seed++) {
    const results: ScaleResult[] = [];
    const events = await run(seed, 0, async (job, sleep) => {
      // Almost all has been given by then.
      await sleep(TUPLES / TUPLES_PER_MS - 60 - (seed % 40));
      results.push(await job.scale('count', 3));
    });
    const [{ from, to, groups, handOvers }] = results;
    const seen = handOversOf(events);
    assert.equal(handOvers, seen.length, `seed ${seed}`);
    assert.equal(groups, sum(seen.map((each) => each.groups)), `seed ${seed}`);
    assert.equal(from, 1);
    assert.ok(to <= 1 + new Set(seen.map((each) => each.to)).size, `seed ${seed}: ${to}`);
  }
});

test('a job that is cancelled while a replica warms up', TIMEOUT, async () => {
  const job = await start(counting, {
    params: { tuples: 1e9, keys: 1000, max: 2, ratePerSecond: 200_000 },
    workers: 2,
    spares: 0,
  });
  const sipped = new Promise<void>((resolve) => {
    job.on('handOver', () => resolve());
  });
  const scaling = job.scale('count', 2);
  await Promise.race([sipped, scaling]);
  await job.cancel();
  await scaling;
});

test('a slow operator: its replica gets all at once', TIMEOUT, async () => {
  const params = { tuples: 1e9, keys: 1000, max: 2, ratePerSecond: 1000, workMs: 0.2 };
  const job = await start(counting, { params, workers: 2, spares: 0 });
  const count = () => job.reading().operators.find(({ name }) => name === 'count');
  await until(() => (count()?.tuplesIn ?? 0) > 20, 'tuples');
  const { handOvers, groups } = await job.scale('count', 2);
  assert.deepEqual({ handOvers, groups }, { handOvers: 1, groups: KEY_GROUPS / 2 });
  await job.cancel();
});
