// Goal: a worker that takes many actors over lets the first step before it makes the others, and begins none that was taken back meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_START } from '../../src/actors/actor-descriptor.ts';
import { StepWords } from '../../src/actors/vitals/step-words.ts';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { planOf } from '../../src/flow/plan.ts';
import { dataflow, t } from '../../src/index.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { generate } from '../../src/sources.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import { deploy } from '../../src/supervisor/deployment.ts';
import type { WorkerControl, WorkerReports } from '../../src/workers/control.ts';
import { makeWorker } from '../../src/workers/worker.ts';

const fields = { n: t.u32() };
const OPERATORS = 5;

const chain = dataflow(import.meta.url, 'chain of actors', (flow) => {
  let stream = flow.source(
    'numbers',
    generate(fields, (n) => ({ n })),
  );
  for (let i = 0; i < OPERATORS; i++) {
    const count = `count-${i}`;
    stream = stream.keyBy('n').process(
      count,
      { state: { count: t.u32() }, output: fields },
      (tuple, state, emit) => {
        state.count++;
        emit(tuple);
      },
      { fuse: false },
    );
  }
  return stream.collect('nobody reads');
});

/** A worker on this thread, and orders to take all actors of the flow over; `atYield` is called when the worker lets others have a turn. */
async function worker(atYield: (control: WorkerControl) => void) {
  const graph = buildGraph(chain as never, undefined as never);
  const limits = { ringBytes: 4096, outboxBytes: 4096, stateBytes: 1 << 20 };
  const { placements } = deploy(planOf(graph), 1, limits);
  const orders = placements
    .filter(({ stage }) => stage.place === 'worker')
    .map(({ descriptor }) => ({ descriptor, resumption: FIRST_START }));
  const failures: unknown[] = [];
  const reports = new Proxy(
    {},
    { get: (_, name) => (name === 'failed' ? (f: unknown) => failures.push(f) : () => {}) },
  );
  let isAdopting = false;
  const { control, ended } = makeWorker({
    host: 0,
    threadId: 0,
    clock: {
      ...systemClock,
      yield: () => {
        if (isAdopting) atYield(control);
        return systemClock.yield();
      },
    },
    wakeWords: new WakeWords(WakeWords.allocate(2)),
    stepWords: new StepWords(StepWords.allocate(2)),
    reports: reports as WorkerReports,
    importFlow: async () => chain as never,
  });
  await control.load({ moduleUrl: '', name: chain.name, params: undefined, fingerprint: graph.fingerprint });
  const settings = { lingerMs: 0, backupEveryMs: undefined, startTimeoutMs: 1000 };
  const commits = (): number[] => orders.map(({ descriptor }) => new CommitLog(descriptor.commit).sequence());
  return {
    orders,
    commits,
    control,
    async adopt(): Promise<void> {
      isAdopting = true;
      await control.adopt(orders, settings);
      isAdopting = false;
    },
    async end(): Promise<void> {
      await control.shutdown();
      await ended;
      assert.deepEqual(failures, []);
    },
  };
}

test('the first of many actors commits before the last is made', async () => {
  const seen: number[][] = [];
  const scene = await worker(() => {
    if (seen.length < 100) seen.push(scene.commits());
  });
  await scene.adopt();
  while (scene.commits().some((count) => count === 0)) await systemClock.yield();
  await scene.end();
  assert.ok(seen.some(([first, ...others]) => first > 0 && others.every((count) => count === 0)));
});

test('an actor that is released before its turn is not made', async () => {
  let isReleased = false;
  const scene = await worker((control) => {
    if (isReleased) return;
    isReleased = true;
    void control.release([scene.orders[OPERATORS].descriptor]);
  });
  await scene.adopt();
  while (scene.commits().filter((count) => count === 0).length > 1) await systemClock.yield();
  for (let turn = 0; turn < 100; turn++) await systemClock.yield();
  assert.equal(scene.commits()[OPERATORS], 0, 'it has not run');
  await scene.end();
});

test('a worker that is shut down while it takes over makes no more of them, and ends', async () => {
  let isOrdered = false;
  const scene = await worker((control) => {
    if (isOrdered) return;
    isOrdered = true;
    void control.shutdown();
  });
  await scene.adopt();
  await scene.end();
  assert.equal(scene.commits()[OPERATORS], 0);
});
