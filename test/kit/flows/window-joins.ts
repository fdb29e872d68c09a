// Flows that join two streams by windows of every kind: fed by a test, or generated, with times out of order.

import { dataflow, type JoinBounds, type JoinKind, type ParallelismRange, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { calendar, session, sliding, tumbling } from '../../../src/windows.ts';
import { LATENESS, LEFT, type LeftTuple, leftAt, RIGHT, type RightTuple, rightAt } from './joins.ts';

export type JoinWindow =
  | { readonly by: 'tumbling'; readonly sizeMs: number }
  | { readonly by: 'sliding'; readonly sizeMs: number; readonly everyMs: number; readonly offsetMs?: number }
  | { readonly by: 'session'; readonly gapMs: number }
  | { readonly by: 'calendar' };

export interface WindowPair {
  readonly left: number | null;
  readonly right: string | null;
  readonly start: number;
  readonly end: number;
}

export interface WindowJoinParams {
  readonly window: JoinWindow;
  readonly kind: JoinKind;
  /** Tuples of each stream; pushed if it is left out. */
  readonly count?: number;
  readonly keys?: number;
  readonly outOfOrderMs?: number;
  readonly ratePerSecond?: number;
  readonly parallelism?: number | ParallelismRange;
  /** The left tuple without a mate at whose row the closure throws. */
  readonly poison?: number;
}

const PAIR = { left: t.optional(t.u32()), right: t.optional(t.string()), start: t.f64(), end: t.f64() };

function windowOf(window: JoinWindow) {
  switch (window.by) {
    case 'tumbling':
      return tumbling({ sizeMs: window.sizeMs });
    case 'sliding':
      return sliding({ sizeMs: window.sizeMs, everyMs: window.everyMs, offsetMs: window.offsetMs });
    case 'session':
      return session({ gapMs: window.gapMs });
    case 'calendar':
      return calendar({ timeZone: 'Europe/Berlin' });
  }
}

export const joinedByWindow = dataflow(
  import.meta.url,
  'joined-by-window',
  (flow, { window, kind, count, keys = 5, outOfOrderMs = 0, ratePerSecond, parallelism, poison }: WindowJoinParams) => {
    const spread = { keys, outOfOrderMs };
    const made = { count: count ?? 0, ratePerSecond };
    const isPushed = count === undefined;
    const lefts = flow.source('lefts', isPushed ? push(LEFT) : generate(LEFT, (n) => leftAt(n, spread), made));
    const rights = flow.source('rights', isPushed ? push(RIGHT) : generate(RIGHT, (n) => rightAt(n, spread), made));
    const late = isPushed ? LATENESS : { left: 0, right: 0 };
    const pair = (left: LeftTuple | undefined, right: RightTuple | undefined, bounds: JoinBounds): WindowPair => {
      if (left !== undefined && right === undefined && left.id === poison) throw new RangeError(`${left.id} is alone`);
      const { windowStart: start, windowEnd: end } = bounds;
      return { left: left?.id ?? null, right: right?.text ?? null, start, end };
    };
    return lefts
      .withEventTime('at', { outOfOrderMs, allowedLatenessMs: late.left })
      .keyBy('key')
      .connect(rights.withEventTime('at', { outOfOrderMs, allowedLatenessMs: late.right }).keyBy('ref'))
      .windowJoin('join', windowOf(window), PAIR, pair, { kind, parallelism })
      .collect('pairs');
  },
);
