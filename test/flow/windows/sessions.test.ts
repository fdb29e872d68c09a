// Goal: sessions are what sorting all items gives: each comes when the watermark has come to its last item plus the gap, and what is late
// extends or joins those that have come; whatever the order of items, restarts, rollbacks and snapshots.

import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../kit/arbitraries.ts';
import { driveWindows, seldom, windowActs } from '../../kit/window-drive.ts';

const window = fc.record({ kind: fc.constant('session' as const), gapMs: fc.constantFrom(1, 5, 10, 25, 100) });
const cases = fc.tuple(window, windowActs, fc.constantFrom(0, 0, 30, 500), seldom);

for (const emit of ['close', 'changes', { everyMs: 20 }] as const) {
  test(`sessions, aggregated, emitted at ${JSON.stringify(emit)}`, () => {
    fc.assert(
      fc.property(cases, ([drawn, acts, allowedMs, isDisturbed]) => {
        driveWindows({ window: drawn, emit, allowedMs }, acts, isDisturbed);
      }),
      runs(45),
    );
  });
}

test('sessions, with all their items', () => {
  fc.assert(
    fc.property(cases, ([drawn, acts, allowedMs, isDisturbed]) => {
      driveWindows({ window: drawn, how: 'process', allowedMs }, acts, isDisturbed);
    }),
    runs(30),
  );
});
