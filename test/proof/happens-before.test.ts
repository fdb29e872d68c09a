// Goal: the knowledge that decides about races is that of vector clocks, on any order of operations.
// MILLRACE_TEST_SEED=<seed> repeats a run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HappensBefore, RACE, Synchronization } from '../../proof/explore/happens-before.ts';

const THREADS = 3;
const CELLS = 2;

type Clock = number[];
const join = (first: Clock, second: Clock): Clock => first.map((time, i) => Math.max(time, second[i]));

/** The same by the book: a clock for each thread and atomic cell, and when each thread accessed the plain cell last. */
class Clocks {
  private readonly threads: Clock[] = Array.from({ length: THREADS }, (_, thread) =>
    Array.from({ length: THREADS }, (_, other) => (other === thread ? 1 : 0)),
  );
  private readonly cells: Clock[] = Array.from({ length: CELLS }, () => new Array(THREADS).fill(0));
  private written: { thread: number; time: number } | undefined;
  private reads: number[] = new Array(THREADS).fill(0);

  synchronize(kind: Synchronization, thread: number, cell: number): void {
    if (kind !== Synchronization.store) this.threads[thread] = join(this.threads[thread], this.cells[cell]);
    if (kind === Synchronization.load) return;
    this.cells[cell] = [...this.threads[thread]];
    this.threads[thread][thread]++;
  }

  /** Returns true if the access is a race. */
  access(thread: number, isWrite: boolean): boolean {
    const clock = this.threads[thread];
    if (this.written !== undefined && clock[this.written.thread] < this.written.time) return true;
    if (!isWrite) {
      this.reads[thread] = clock[thread];
      return false;
    }
    if (this.reads.some((time, reader) => time > clock[reader])) return true;
    this.written = { thread, time: clock[thread] };
    this.reads = new Array(THREADS).fill(0);
    return false;
  }
}

const operation = fc.record({
  kind: fc.constantFrom('load', 'store', 'modify', 'read', 'write'),
  thread: fc.nat({ max: THREADS - 1 }),
  cell: fc.nat({ max: CELLS - 1 }),
});

test('locksets find the races that vector clocks find', () => {
  const seed = Number(process.env.MILLRACE_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  fc.assert(
    fc.property(fc.array(operation, { minLength: 4, maxLength: 40 }), (operations) => {
      const clocks = new Clocks();
      const happensBefore = new HappensBefore(THREADS);
      let known = 0;
      for (const { kind, thread, cell } of operations) {
        if (kind === 'read' || kind === 'write') {
          const isRace = clocks.access(thread, kind === 'write');
          const next = kind === 'write' ? happensBefore.write(known, thread) : happensBefore.read(known, thread);
          assert.equal(next === RACE, isRace);
          if (isRace) return;
          known = next;
        } else {
          clocks.synchronize(Synchronization[kind as 'load'], thread, cell);
          known = happensBefore.synchronize(known, Synchronization[kind as 'load'], thread, cell);
        }
      }
    }),
    { seed, numRuns: 2000 },
  );
});
