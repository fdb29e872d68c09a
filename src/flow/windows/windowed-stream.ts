// The windows of a keyed stream, as its methods show them.

import type { Field, Shape } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { AggregatesOf, ResultsOf, Suited } from '../aggregates/results.ts';
import type { OperatorNode } from '../graph.ts';
import { checkedOperator, WINDOW_OPTIONS, type WindowOptions } from '../operator-options.ts';
import type { Stream } from '../stream.ts';
import { addWindowAggregate, type Windowed } from './windowed.ts';

/** What each result of a window has besides: [windowStart, windowEnd) in milliseconds since the epoch. */
export type WindowBounds = Readonly<Record<'windowStart' | 'windowEnd', Field<number>>>;

/** A keyed stream whose tuples are grouped by windows. */
export class WindowedStream<Fields extends Shape, Key extends keyof Fields & string, Inputs> {
  readonly #of: Windowed;
  readonly #streamOf: (node: OperatorNode) => unknown;

  /** @internal */
  constructor(of: Windowed, streamOf: (node: OperatorNode) => unknown) {
    this.#of = of;
    this.#streamOf = streamOf;
  }

  /**
   * Emits aggregates of each window, with the key, `windowStart` and `windowEnd`, when the window closes. The tuples of a key and a
   * slice of time are combined where they are made, on every core: docs/windows.md.
   * @param aggregates by the names of the results
   * @throws MillraceError BAD_AGGREGATE, BAD_OPTION, NO_EVENT_TIME
   */
  aggregate<const Aggregates extends AggregatesOf<Fields>>(
    name: string,
    aggregates: Aggregates & Suited<Aggregates, Fields, Key | keyof WindowBounds>,
    options: WindowOptions = {},
    ...surplus: readonly never[]
  ): Stream<Pick<Fields, Key> & WindowBounds & ResultsOf<Aggregates, Fields>, Inputs> {
    refuseSurplus('aggregate(name, aggregates, options)', 3, surplus);
    const { emit, combine, combineMs, ...operator } = checkOptions(`operator '${name}'`, WINDOW_OPTIONS, options);
    const checked = checkedOperator(operator, options.supervision !== undefined);
    const node = addWindowAggregate(this.#of, aggregates, { name, checked, emit, combine, combineMs });
    return this.#streamOf(node) as never;
  }
}
