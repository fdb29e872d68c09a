// Goal: a host that has nothing to do sleeps, whatever its actors wait for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Actor } from '../../src/actors/actor.ts';
import { FIRST_START } from '../../src/actors/actor-descriptor.ts';
import { buildGraph } from '../../src/actors/dataflow.ts';
import { Host } from '../../src/actors/host.ts';
import { planOf } from '../../src/actors/plan.ts';
import { StepWords } from '../../src/actors/step-words.ts';
import { dataflow, t } from '../../src/index.ts';
import { RING_BYTES_MIN, Ring } from '../../src/mailbox/ring.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { generate } from '../../src/sources.ts';
import { STATE_BYTES_MIN } from '../../src/state/arena.ts';
import { deploy } from '../../src/supervisor/deployment.ts';

const flow = dataflow(import.meta.url, 'full', (flow) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n })),
    )
    .collect('nobody reads'),
);

const eventLoopTurns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

test('found by the explorer: an actor that is made anew behind a full ring sleeps until there is room', {
  timeout: 20_000,
}, async () => {
  const plan = planOf(buildGraph(flow, {}));
  const limits = { ringBytes: RING_BYTES_MIN, outboxBytes: 0, stateBytes: STATE_BYTES_MIN };
  const [{ descriptor }] = deploy(plan, 1, limits).placements;
  const wakeWords = new WakeWords(WakeWords.allocate(3));
  const stepWords = new StepWords(StepWords.allocate(3));
  let nowMs = 0;
  // Each look at the clock takes a quarter of a millisecond, so a host that never sleeps yields now and then.
  const clock = {
    now: () => {
      nowMs += 0.25;
      return nowMs;
    },
    yield: () => eventLoopTurns(1),
  };
  const failures: unknown[] = [];
  const hostWith = async (id: number): Promise<{ host: Host; ended: Promise<void> }> => {
    const events = { ended: () => {}, failed: (_: Actor, error: unknown) => failures.push(error), recovered: () => {} };
    const host = new Host(id, wakeWords, stepWords, clock, events);
    const environment = { host: id, wakeWords, lingerMs: 0, now: clock.now, wake: () => host.wake() };
    const actor = new Actor(plan, descriptor, environment, FIRST_START);
    await actor.openSource();
    host.add(actor, id > 1);
    return { host, ended: host.run() };
  };

  const first = await hostWith(1);
  await eventLoopTurns(50);
  first.host.stop();
  await first.ended;
  const ring = new Ring(descriptor.output?.ring as SharedArrayBuffer);
  const published = ring.published();
  assert.ok(published > ring.capacityWords * 0.8, 'the ring is full');

  const adopter = await hostWith(2);
  await eventLoopTurns(20);
  const turns = stepWords.turns(2);
  await eventLoopTurns(200);
  assert.equal(stepWords.turns(2), turns, 'its loop goes round while nothing changes');
  assert.ok(wakeWords.isParked(2));
  assert.equal(ring.published(), published);

  // It has announced what it waits for.
  assert.ok(ring.writerNeeds() > 0);
  ring.release(0, published);
  wakeWords.wake(ring.writerHost());
  await eventLoopTurns(50);
  assert.notEqual(ring.published(), published);
  adopter.host.stop();
  await adopter.ended;
  assert.deepEqual(failures, []);
});
