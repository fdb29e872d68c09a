// The windows of a keyed stream, as its methods show them.

import { errors } from '../../errors.ts';
import type { Ignored } from '../../mailbox/deferred.ts';
import type { Field, Shape, TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { value } from '../../options/kinds.ts';
import type { AggregatesOf, ResultsOf, Suited } from '../aggregates/results.ts';
import type { OperatorNode } from '../graph.ts';
import type { Emit } from '../keyed-options.ts';
import { checkCall } from '../named-call.ts';
import { NamedOutputs } from '../named-outputs.ts';
import { checkedOperator, checkOperator, type OperatorOptions } from '../operator-options.ts';
import { WINDOW_OPTIONS, type WindowOptions } from '../options/aggregate-options.ts';
import type { Stream } from '../stream.ts';
import { addWindowAggregate, addWindowProcess, type Windowed } from './windowed.ts';

/** What each result of a window has besides: [windowStart, windowEnd) in milliseconds since the epoch. */
export type WindowBounds = Readonly<Record<'windowStart' | 'windowEnd', Field<number>>>;

/** A keyed stream whose tuples are grouped by windows. */
export class WindowedStream<
  Fields extends Shape,
  Key extends keyof Fields & string,
  Inputs,
  Bounds extends Shape = WindowBounds,
> {
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
   * @throws MillraceError BAD_AGGREGATE, BAD_OPTION, NO_EVENT_TIME; BAD_FLOW if two fields of the result have one name
   */
  aggregate<const Aggregates extends AggregatesOf<Fields>>(
    name: string,
    aggregates: Aggregates & Suited<Aggregates, Fields, Key | keyof Bounds>,
    options: WindowOptions = {},
    ...surplus: readonly never[]
  ): Stream<Pick<Fields, Key> & Bounds & ResultsOf<Aggregates, Fields>, Inputs> {
    checkCall('aggregate(name, aggregates, options)', 3, name, surplus);
    const { emit, combine, combineMs, ...operator } = checkOptions(`operator '${name}'`, WINDOW_OPTIONS, options);
    const checked = checkedOperator(operator, options.supervision !== undefined);
    const node = addWindowAggregate(this.#of, aggregates, { name, checked, emit, combine, combineMs });
    return this.#streamOf(node) as never;
  }

  /**
   * Gives all tuples of each window to a closure, when the window closes: in the order in which they came. They are kept until then.
   * @param schemas what the closure emits
   * @param closure gets the key with `start` and `end` (of windows of time in milliseconds since the epoch, else numbers of tuples of
   * the key), the tuples, and `emit`
   * @throws MillraceError BAD_OPTION, BAD_SCHEMA, NO_EVENT_TIME; BAD_FLOW if a field of the key is called `start` or `end`
   */
  process<Output extends Shape>(
    name: string,
    schemas: { readonly output: Output },
    closure: (
      window: TupleOf<Pick<Fields, Key>> & { readonly start: number; readonly end: number },
      rows: readonly TupleOf<Fields>[],
      emit: Emit<Output>,
    ) => Ignored,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs> {
    checkCall('process(name, schemas, closure, options)', 4, name, surplus);
    const { output } = checkOptions(`operator '${name}'`, OUTPUT_SCHEMA, schemas, 'schemas', 'an object { output }');
    if ((output as unknown) instanceof NamedOutputs) {
      const rule = 'an object of fields: process of windows has one output, and takes no outputs()';
      throw errors.badOption('output', 'outputs(…)', rule, `the schemas of operator '${name}'`);
    }
    const checked = checkOperator(name, options);
    return this.#streamOf(addWindowProcess(this.#of, output, closure, { name, checked, emit: 'close' })) as never;
  }
}

const OUTPUT_SCHEMA = {
  output: value('an object of fields', (_given: unknown): _given is Shape => true, {
    help: 'the tuples that it emits',
    isRequired: true,
  }),
};
