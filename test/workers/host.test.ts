// Goal: a host that has nothing to do sleeps, whatever its actors wait for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '../../src/actors/actor.ts';
import type { ActorDescriptor } from '../../src/actors/actor-descriptor.ts';
import { StepWords } from '../../src/actors/vitals/step-words.ts';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { type Plan, planOf } from '../../src/flow/plan.ts';
import { type Dataflow, dataflow, t } from '../../src/index.ts';
import { RING_BYTES_MIN, Ring } from '../../src/mailbox/ring.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { generate } from '../../src/sources.ts';
import { STATE_BYTES_MIN } from '../../src/state/memory/arena.ts';
import { deploy } from '../../src/supervisor/deployment.ts';
import { ActorDriver } from '../../src/testing/actor-driver.ts';
import { Host } from '../../src/workers/host.ts';
import { bursts, lastInOnePartition } from '../kit/flows/linger.ts';

const full = dataflow(import.meta.url, 'full', (flow) =>
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

/** Hosts of a flow's only operator, whose output nobody reads, on a clock that passes when it is looked at. */
class Hosting {
  readonly wakeWords = new WakeWords(WakeWords.allocate(3));
  readonly stepWords = new StepWords(StepWords.allocate(3));
  readonly ring: Ring;
  readonly failures: unknown[] = [];
  private readonly plan: Plan;
  private readonly descriptors: readonly ActorDescriptor[];
  /** Replicas that have come to their end. */
  readonly ended: number[] = [];
  private nowMs = 0;
  /** Each look takes a quarter of a millisecond, so a host that never sleeps yields now and then. */
  private readonly clock = {
    now: () => {
      this.nowMs += 0.25;
      return this.nowMs;
    },
    yield: () => eventLoopTurns(1),
  };

  constructor(flow: Dataflow<never, unknown>, limits: { ringBytes: number; outboxBytes: number }, params: unknown) {
    this.plan = planOf(buildGraph(flow as never, params as never));
    const { placements } = deploy(this.plan, 1, { ...limits, stateBytes: STATE_BYTES_MIN });
    this.descriptors = placements.map(({ descriptor }) => descriptor);
    this.ring = new Ring(this.descriptors[0].outputs[0].memory.ring);
  }

  async start(id: number, lingerMs: number, replica = 0): Promise<{ stop(): Promise<void> }> {
    const { wakeWords, stepWords, clock, plan, failures } = this;
    const descriptor = this.descriptors[replica];
    const ended = (): unknown => this.ended.push(replica);
    const events = { ended, failed: (_: Actor, error: unknown) => failures.push(error), recovered: () => {} };
    const host = new Host(id, wakeWords, stepWords, clock, events);
    const setup = { hostOf: () => id, wakeWords, lingerMs, now: clock.now, wake: () => host.wake() };
    const driver = new ActorDriver(descriptor, setup);
    const actor = driver.start(plan);
    await driver.openSource();
    host.add(actor, id > 1);
    const running = host.run();
    return {
      stop: async () => {
        host.stop();
        await running;
        assert.deepEqual(failures, []);
      },
    };
  }

  /** Fails unless the host sleeps, and goes on when there is room. */
  async sleepsUntilRoom(id: number): Promise<void> {
    const { wakeWords, stepWords, ring } = this;
    const published = ring.published();
    const turns = stepWords.turns(id);
    await eventLoopTurns(200);
    assert.equal(stepWords.turns(id), turns, 'its loop goes round while nothing changes');
    assert.ok(wakeWords.isParked(id));
    assert.equal(ring.published(), published);
    // It has announced what it waits for.
    assert.ok(ring.writerNeeds() > 0);
    ring.release(0, published);
    wakeWords.wake(ring.writerHost());
    await eventLoopTurns(50);
    assert.notEqual(ring.published(), published);
  }
}

test('found by the explorer: an actor that is made anew behind a full ring sleeps until there is room', {
  timeout: 20_000,
}, async () => {
  const hosting = new Hosting(full, { ringBytes: RING_BYTES_MIN, outboxBytes: 0 }, {});
  const first = await hosting.start(1, 0);
  await eventLoopTurns(50);
  await first.stop();
  const { ring } = hosting;
  assert.ok(ring.published() > ring.capacityWords * 0.8, 'the ring is full');
  const adopter = await hosting.start(2, 0);
  await eventLoopTurns(20);
  await hosting.sleepsUntilRoom(2);
  await adopter.stop();
});

test('a source that lingers, and whose own batch fills the ring, commits it and sleeps until there is room', {
  timeout: 20_000,
}, async () => {
  const bytes = RING_BYTES_MIN / 3;
  const params = { count: 100, burst: 20, bytes };
  const hosting = new Hosting(bursts, { ringBytes: RING_BYTES_MIN, outboxBytes: 1 << 20 }, params);
  // Longer than this test: what is committed is committed for another reason than the time.
  const source = await hosting.start(1, 60_000);
  await eventLoopTurns(50);
  const { ring } = hosting;
  assert.ok(ring.published() * 8 > bytes, 'what fits the ring is visible');
  await hosting.sleepsUntilRoom(1);
  await source.stop();
});

test('a replica that has come to the last end of all, and waits for room, has told the others', {
  timeout: 20_000,
}, async () => {
  const params = { bytes: RING_BYTES_MIN / 2 - 200 };
  const hosting = new Hosting(lastInOnePartition, { ringBytes: RING_BYTES_MIN, outboxBytes: 1 << 20 }, params);
  // One of them has nothing to read, and sleeps until the other one has come to its end.
  const other = await hosting.start(1, 0, 1);
  await eventLoopTurns(50);
  assert.deepEqual(hosting.ended, []);
  assert.ok(hosting.wakeWords.isParked(1));
  const last = await hosting.start(2, 0, 0);
  await eventLoopTurns(50);
  assert.deepEqual(hosting.ended, [1], 'the first replica still waits for room');
  await hosting.sleepsUntilRoom(2);
  await last.stop();
  await other.stop();
});
