// Goal: an actor hands on the times of what it has read in a batch, and no other: not of what others have read before it joined, nor
// of what was read in the batch before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATENCY_BYTES, LatencyCounts } from '../../src/actors/vitals/latency-counts.ts';
import { LatencyMeter } from '../../src/actors/vitals/latency-meter.ts';
import { allocateOutbox, Output } from '../../src/mailbox/output.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { RingReader, startMark } from '../../src/mailbox/ring-reader.ts';
import { StampReader, StampWriter, ticksOf } from '../../src/mailbox/stamps.ts';

/** A replica with so many inputs and one output, on a clock of the test's. */
function driven(inputs: number, isDormant = false) {
  const rings = Array.from({ length: inputs }, () => new Ring(Ring.allocate(4096)));
  const readers = rings.map((ring) => new RingReader(ring, 0, startMark()));
  const mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  const output = new Output('count', new Ring(Ring.allocate(4096)), allocateOutbox(1 << 16), mark);
  const counts = new LatencyCounts(new SharedArrayBuffer(LATENCY_BYTES), 0);
  const cursors = { isDormant, inputs: readers.map(() => ({ position: 0 })) };
  const clock = { nowMs: 0 };
  const measured = { inputs: readers.map((reader) => ({ reader })), ports: [{ output }], committed: { cursors } };
  const meter = new LatencyMeter(measured, counts, () => clock.nowMs);
  const told = new StampReader(output.ring);
  return {
    clock,
    readers,
    writers: rings.map((ring) => new StampWriter(ring)),
    meter,
    sumMs: () => counts.read().sumMs,
    /** Commits a batch that has written. Returns the time that it hands on. */
    commit(): number | undefined {
      told.look(mark.head);
      output.writeFence(1, 0);
      output.save(mark);
      meter.committed(true, [mark]);
      cursors.isDormant = false;
      readers.forEach(({ position }, i) => {
        cursors.inputs[i].position = position;
      });
      return told.passed(mark.head);
    },
  };
}

test('a replica that joins begins where it is put, and what was read before by others is no matter of its', () => {
  const { clock, readers, writers, meter, commit, sumMs } = driven(1, true);
  writers[0].tell(100, ticksOf(0), false);
  clock.nowMs = 5000;
  meter.opened();
  readers[0].position = 100;
  assert.equal(commit(), undefined);
  writers[0].tell(110, ticksOf(5000), false);
  meter.opened();
  readers[0].position = 110;
  assert.equal(commit(), ticksOf(5000));
  assert.equal(sumMs(), 0);
});

test('what comes at one input while a batch of another is open is measured with that batch, and not with the next', () => {
  const { clock, readers, writers, meter, commit, sumMs } = driven(2);
  for (let turn = 1; turn <= 5; turn++) {
    clock.nowMs = 1000 * turn;
    writers[0].tell(10 * turn, ticksOf(clock.nowMs), false);
    meter.opened();
    writers[1].tell(10 * turn, ticksOf(clock.nowMs), false);
    for (const reader of readers) reader.position = 10 * turn;
    assert.equal(commit(), ticksOf(clock.nowMs));
  }
  assert.equal(sumMs(), 0);
});

test('what was passed before the batch had opened, and tells of time only, is measured', () => {
  const { clock, readers, writers, meter, commit } = driven(1);
  clock.nowMs = 1000;
  writers[0].tell(3, ticksOf(990), false);
  readers[0].position = 3;
  meter.opened();
  assert.equal(commit(), ticksOf(990));
});
