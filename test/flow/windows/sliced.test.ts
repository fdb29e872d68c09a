// Goal: tumbling and sliding windows are what a loop over all items gives: each comes when the watermark has come to its end and not
// before, once, and again only if what is late corrects it; whatever the order of items, restarts, rollbacks and snapshots.

import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../../kit/arbitraries.ts';
import type { WindowGiven } from '../../kit/flows/windows.ts';
import { driveWindows, seldom, windowActs } from '../../kit/window-drive.ts';

const offsetMs = fc.constantFrom(0, 0, 3, -3, 1000);

const tumbling: fc.Arbitrary<WindowGiven> = fc.record({
  kind: fc.constant('tumbling' as const),
  sizeMs: fc.constantFrom(1, 7, 20, 100),
  offsetMs,
});

const sliding: fc.Arbitrary<WindowGiven> = fc
  .record({
    sizeMs: fc.constantFrom(7, 20, 55, 100),
    share: fc.constantFrom(1, 2, 3, 5, 7),
    offsetMs,
  })
  .map(({ sizeMs, share, offsetMs: offset }) => ({
    kind: 'sliding' as const,
    sizeMs,
    // Most do not divide the size.
    everyMs: Math.max(1, Math.ceil(sizeMs / share) - (share > 2 ? 1 : 0)),
    offsetMs: offset,
  }));

for (const [name, window] of Object.entries({ tumbling, sliding })) {
  for (const emit of ['close', 'changes', { everyMs: 20 }] as const) {
    test(`${name} windows, aggregated, emitted at ${JSON.stringify(emit)}`, () => {
      fc.assert(
        fc.property(
          window,
          windowActs,
          fc.constantFrom(0, 0, 30, 500),
          seldom,
          (drawn, acts, allowedMs, isDisturbed) => {
            driveWindows({ window: drawn, emit, allowedMs }, acts, isDisturbed);
          },
        ),
        runs(45),
      );
    });
  }

  test(`${name} windows, with all their items`, () => {
    fc.assert(
      fc.property(window, windowActs, fc.constantFrom(0, 30), seldom, (drawn, acts, allowedMs, isDisturbed) => {
        driveWindows({ window: drawn, how: 'process', allowedMs }, acts, isDisturbed);
      }),
      runs(30),
    );
  });
}

test('a window of two slices that have changed is given early once, also if slices are tried one by one', () => {
  const drawn = { kind: 'sliding', sizeMs: 7, everyMs: 4, offsetMs: 0 } as const;
  const acts = [
    [{ key: 'a', after: 1, value: null }],
    [{ key: 'a', after: 0, value: 0 }],
    { clockMs: 10 },
    { clockMs: 10 },
  ] as const;
  driveWindows({ window: drawn, emit: { everyMs: 20 }, allowedMs: 0 }, acts as never, true);
});
