// Goal: entries come out of the heap in the order of their times, and those of one time in an order that does not depend on when they
// were added.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TimerHeap } from '../../../src/state/timers/timer-heap.ts';
import { runs } from '../../kit/arbitraries.ts';

type Entry = readonly [atMs: number, owner: number, timer: number];

const number = fc.integer({ min: -3, max: 3 });
/** Undefined takes the next one out. */
const orders = fc.array(fc.option(fc.tuple(number, number, number), { nil: undefined, freq: 3 }), { maxLength: 300 });

const compare = (a: Entry, b: Entry): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

test('entries come out sorted, whatever goes in meanwhile', () => {
  fc.assert(
    fc.property(orders, (drawn) => {
      const heap = new TimerHeap();
      let model: Entry[] = [];
      const take = (): void => {
        model.sort(compare);
        const [next, ...others] = model;
        assert.equal(heap.nextAtMs, next?.[0] ?? Number.POSITIVE_INFINITY);
        if (next === undefined) return;
        heap.take();
        assert.deepEqual([heap.atMs, heap.owner, heap.timer], next);
        model = others;
      };
      for (const entry of drawn) {
        if (entry === undefined) take();
        else {
          heap.add(...entry);
          model.push(entry);
        }
        assert.equal(heap.size, model.length);
      }
      while (model.length > 0) take();
      assert.equal(heap.nextAtMs, Number.POSITIVE_INFINITY);
    }),
    runs(200),
  );
});
