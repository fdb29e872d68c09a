// Goal: the option `scaling` does what it says: a surge is met with replicas and they are taken back, decisions are told with their
// inputs and reasons, plans change nothing, bad options are refused, and no timer outlives the job.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent, ReplicaReading, ScalingOptions } from '../../src/index.ts';
import { service, skewed, uneven } from '../kit/flows/scaling.ts';
import { enlisted, operatorOf } from '../kit/readings.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

type Decided = Extract<JobEvent, { type: 'decision' }>;

const KEYS = 256;
const WORKERS = 6;

interface Run {
  readonly job: Awaited<ReturnType<typeof service.run>>;
  readonly decisions: Decided[];
  readonly events: JobEvent[];
  /** Pushes so many tuples per second from now on; 0 ends that. */
  rate(perSecond: number): void;
  /** Ends the stream and checks that every tuple was counted once, in order. */
  end(): Promise<void>;
}

async function surge(scaling: ScalingOptions | undefined, params = { waitMs: 2, max: 4 }): Promise<Run> {
  const job = await start(service, { params, workers: 2, maxWorkers: WORKERS, scaling });
  const events: JobEvent[] = [];
  const decisions: Decided[] = [];
  job.on(
    '*',
    (event) => {
      events.push(event);
      if (event.type === 'decision') decisions.push(event);
    },
    { past: true },
  );
  const input = job.input('requests');
  let pushed = 0;
  let pace = { perSecond: 0, sinceMs: performance.now(), from: 0 };
  const timer = setInterval(() => {
    const due = pace.from + Math.floor((pace.perSecond * (performance.now() - pace.sinceMs)) / 1000);
    for (; pushed < due; pushed++) void input.push({ key: pushed % KEYS, seq: Math.floor(pushed / KEYS) });
  }, 5);
  return {
    job,
    decisions,
    events,
    rate(perSecond) {
      pace = { perSecond, sinceMs: performance.now(), from: pushed };
    },
    async end() {
      clearInterval(timer);
      input.end();
      let counted = 0;
      for await (const { count, wrong } of job.output('answers')) {
        assert.equal(wrong, 0);
        counted += count;
      }
      await job.done;
      assert.equal(counted, pushed);
    },
  };
}

for (const policy of ['rate', 'threshold'] as const) {
  test(`${policy}: a surge is met with replicas, and when it is over they are taken back`, TIMEOUT, async () => {
    const run = await surge({ policy, everyMs: 100, cooldownMs: 300 });
    // Of the time of one replica, 2.4 times as much as it has.
    run.rate(1200);
    await until(() => enlisted(run.job, 'ask') >= 3, 'three replicas');
    run.rate(50);
    await until(() => enlisted(run.job, 'ask') === 1, 'one replica');
    await run.end();
    const [first] = run.decisions;
    assert.equal(first.operator, 'ask');
    assert.equal(first.action, 'scale');
    assert.equal(first.from, 1);
    assert.equal(first.policy, policy);
    assert.equal(first.mode, 'act');
    assert.ok(first.inputs.busiest > 0.5 && first.inputs.work > 0.5, JSON.stringify(first.inputs));
    assert.match(first.reason, policy === 'rate' ? /a replica of 'ask' does/ : /70 % is the limit/);
    assert.ok(run.events.some(({ type }) => type === 'scaled'));
  });
}

test('a plan is told, and changes nothing', TIMEOUT, async () => {
  const run = await surge({ mode: 'plan', everyMs: 50, cooldownMs: 60_000 });
  run.rate(1200);
  await until(() => run.decisions.length > 0, 'a decision');
  await sleep(400);
  await run.end();
  assert.equal(run.decisions[0].mode, 'plan');
  assert.equal(run.decisions[0].policy, 'rate');
  assert.ok(!run.events.some(({ type }) => type === 'scaled' || type === 'handOver'));
  // The same plan is not told again at each report.
  assert.ok(run.decisions.length <= 6, String(run.decisions.length));
});

for (const scaling of [undefined, { policy: 'manual' } as const]) {
  test(
    `nothing is decided ${scaling === undefined ? 'without the option' : 'under the policy manual'}`,
    TIMEOUT,
    async () => {
      const run = await surge(scaling);
      run.rate(600);
      await sleep(800);
      await run.end();
      assert.deepEqual(run.decisions, []);
    },
  );
}

test('skew: groups are rebalanced by load, so that a later hot key has room', TIMEOUT, async () => {
  const job = await start(skewed, { params: { keys: 3000, hotKey: 7 }, workers: 2 });
  await job.scale('count', 3);
  await until(
    () => job.reading().operators.some(({ name, tuplesIn }) => name === 'count' && tuplesIn > 200_000),
    'loads',
  );
  await job.rebalance('count');
  const count = (): readonly ReplicaReading[] =>
    operatorOf(job, 'count').replicas.filter(({ state }) => state !== 'dormant');
  const before = count();
  const tookSince = (): number[] => count().map(({ tuplesIn }, i) => tuplesIn - before[i].tuplesIn);
  const sumOf = (tuples: readonly number[]): number => tuples.reduce((a, b) => a + b, 0);
  // So many that it does not matter how far apart the replicas are.
  await until(() => sumOf(tookSince()) > 200_000, 'tuples after the change');
  const took = tookSince();
  const total = sumOf(took);
  // Key 7 has half of the load; with it nothing else that counts, and the others share the rest.
  assert.ok(Math.max(...took) / total < 0.6, took.join());
  assert.ok(Math.min(...took) / total > 0.15, took.join());
  await job.cancel();
});

test('an actor moves away from a worker that has two busy ones, and nothing is lost', TIMEOUT, async () => {
  const scaling = { everyMs: 100, cooldownMs: 1000 };
  const job = await start(uneven, { params: { waitMs: 1 }, workers: 2, scaling });
  const workerOf = (operator: string): number | undefined =>
    job.reading().operators.find(({ name }) => name === operator)?.replicas[0].worker;
  assert.equal(workerOf('first'), workerOf('last'));
  const events: JobEvent[] = [];
  job.on('*', (event) => events.push(event), { past: true });
  const input = job.input('requests');
  let pushed = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 8; i++) void input.push({ seq: pushed++ });
  }, 5);
  let read = 0;
  const reading = (async () => {
    for await (const { seq } of job.output('answers')) assert.equal(seq, read++);
  })();
  await until(() => events.some(({ type }) => type === 'moved'), 'a move');
  clearInterval(timer);
  assert.notEqual(workerOf('first'), workerOf('last'));
  const decision = events.find((event) => event.type === 'decision' && event.action === 'move');
  assert.ok(decision?.type === 'decision' && /the busier one would be at \d+ %/.test(decision.reason));
  input.end();
  await reading;
  await job.done;
  assert.equal(read, pushed);
});

test('no timer outlives the job', TIMEOUT, async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const run = await surge({ everyMs: 20 });
  await run.end();
  assert.ok(timers() <= before, process.getActiveResourcesInfo().join());
});

test('bad options are refused', TIMEOUT, async () => {
  const bad: [unknown, RegExp][] = [
    ['rate', /'scaling' of run\(\) must be an object/],
    [{ policy: 'best' }, /scaling\.policy' of run\(\) must be 'rate', 'threshold' or 'manual'/],
    [{ mode: 'try' }, /scaling\.mode' of run\(\) must be 'act' or 'plan'/],
    [{ everyMs: 1 }, /scaling\.everyMs' of run\(\) must be milliseconds from 20/],
    [{ cooldownMs: -1 }, /scaling\.cooldownMs'/],
    [{ utilisation: 1.5 }, /scaling\.utilisation' of run\(\) must be a share/],
    [{ skew: 0.5 }, /scaling\.skew'/],
    [{ every: 5 }, /'scaling' of run\(\) has no option 'every'/],
  ];
  for (const [scaling, text] of bad) {
    const run = skewed.run({ params: { keys: 1, hotKey: 0 }, scaling: scaling as ScalingOptions });
    assert.match((await rejection(run, 'BAD_OPTION')).message, text);
  }
});
