// A join of one key that goes on for long, in little memory: whatever is kept after its time fills it.

import type { Dataflow } from '../../src/index.ts';
import { testOperator } from '../../src/testing.ts';
import { joined, type LeftTuple, type RightTuple } from './flows/joins.ts';
import { joinedByWindow } from './flows/window-joins.ts';

const KINDS = ['interval', 'asOf', 'tumbling', 'sliding', 'session'] as const;
type LongJoin = (typeof KINDS)[number];

/** As a job's least: that of all tuples together would be some times as much. */
const STATE_BYTES = 1 << 20;
const TUPLES = 40_000;
const AT_ONCE = 100;

const flowOf = (kind: LongJoin): [Dataflow<never, unknown>, unknown] => {
  if (kind === 'interval') return [joined as never, { how: kind, kind: 'full', fromMs: -1, toMs: 2 }];
  if (kind === 'asOf') return [joined as never, { how: kind }];
  const window =
    kind === 'tumbling'
      ? { by: kind, sizeMs: 3 }
      : kind === 'sliding'
        ? { by: kind, sizeMs: 4, everyMs: 2 }
        : { by: kind, gapMs: 2 };
  return [joinedByWindow as never, { window, kind: 'full' }];
};

/**
 * Feeds both sides, time with them.
 * @throws MillraceError STATE_FULL if what is kept does not go
 */
export function joinForLong(kind: LongJoin): void {
  const [flow, params] = flowOf(kind);
  const options = { params: params as never, rollback: false, restore: false, stateBytes: STATE_BYTES };
  const join = testOperator<never, unknown>(flow as never, 'join', options);
  const left = join.input<LeftTuple>('left');
  const right = join.input<RightTuple>('rights');
  for (let from = 0; from < TUPLES; from += AT_ONCE) {
    // A pause after each: sessions end.
    const at = (n: number): number => from + n + 10 * Math.floor(n / 10);
    const numbers = Array.from({ length: AT_ONCE }, (_, n) => n);
    left.feed(
      numbers.map((n) => ({ key: 0, at: 2 * from + at(n), id: from + n })),
      { at: ({ at: ms }) => ms },
    );
    right.feed(
      numbers.map((n) => ({ ref: 0, at: 2 * from + at(n), text: 'r' })),
      { at: ({ at: ms }) => ms },
    );
    join.advanceWatermark(2 * from + at(AT_ONCE - 1));
    join.emitted();
  }
}

export { KINDS as LONG_JOINS };
