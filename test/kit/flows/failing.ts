// Flows in which one closure throws at one tuple.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, type OperatorOptions, type Stream, t } from '../../../src/index.ts';
import { fromIterable, generate } from '../../../src/sources.ts';

export type FailingKind =
  | 'source'
  | 'iterable'
  | 'async-iterable'
  | 'map'
  | 'filter'
  | 'flatMap'
  | 'forEach'
  | 'process'
  | 'end'
  | 'fused-second'
  | 'swallowed'
  | 'swallowed-fused-forEach'
  | 'sink';

export interface FailingParams {
  readonly kind: FailingKind;
  readonly count: number;
  /** The tuple at which the closure throws. */
  readonly at: number;
  /** What it throws, if it is no Error. */
  readonly thrown?: string | null;
  /** Of the operator that throws. */
  readonly failure?: OperatorOptions['failure'];
}

const fields = { n: t.u32() };
type Numbers = Stream<typeof fields>;

function explodeAt(at: number, n: number, thrown?: string | null): void {
  if (n === at && thrown !== undefined) throw thrown;
  if (n === at) throw new RangeError(`no ${n} here`);
}

function sourceOf({ kind, count, at }: FailingParams) {
  switch (kind) {
    case 'iterable':
      return fromIterable(fields, function* () {
        for (let n = 0; n < count; n++) {
          explodeAt(at, n);
          yield { n };
        }
      });
    case 'async-iterable':
      return fromIterable(fields, async function* () {
        for (let n = 0; n < count; n++) {
          explodeAt(at, n);
          yield { n };
        }
      });
    default:
      return generate(
        fields,
        (n) => {
          if (kind === 'source') explodeAt(at, n);
          return { n };
        },
        { count },
      );
  }
}

/** The failing operator is called 'failing'; its stream, if it has one, is collected as 'out'. */
export const failing = dataflow(import.meta.url, 'failing', (flow, params: FailingParams) => {
  const { kind, at, thrown, failure } = params;
  const apart = { fuse: false, failure };
  const numbers = flow.source('failing-source', sourceOf(params), { failure });
  const check = (n: number): { n: number } => {
    explodeAt(at, n, thrown);
    return { n };
  };
  const operators: Partial<Record<FailingKind, () => Numbers | undefined>> = {
    map: () => numbers.map('failing', fields, ({ n }) => check(n), apart),
    filter: () => numbers.filter('failing', ({ n }) => check(n).n >= 0, apart),
    flatMap: () => numbers.flatMap('failing', fields, ({ n }, emit) => emit(check(n)), apart),
    process: () =>
      numbers.keyBy('n').process(
        'failing',
        { state: { count: t.u32() }, output: fields },
        ({ n }, state, emit) => {
          state.count += 1;
          emit({ n });
          check(n);
        },
        { failure },
      ),
    end: () =>
      numbers.keyBy('n').process('failing', { state: { count: t.u32() }, output: fields }, () => {}, {
        failure,
        end: ({ n }, _, emit) => emit(check(n)),
      }),
    'fused-second': () =>
      numbers
        .map('before', fields, ({ n }) => ({ n }), { fuse: false })
        .map('failing', fields, ({ n }) => check(n), { failure })
        .map('after', fields, ({ n }) => ({ n })),
    swallowed: () =>
      numbers
        .flatMap(
          'before',
          fields,
          ({ n }, emit) => {
            try {
              emit({ n });
            } catch {
              // A closure that hides what the operators behind it throw: it must not be able to.
            }
          },
          { fuse: false },
        )
        .map('failing', fields, ({ n }) => check(n), { failure }),
    forEach: () => void numbers.forEach('failing', ({ n }) => check(n), apart),
    'swallowed-fused-forEach': () =>
      void numbers
        .flatMap('before', fields, ({ n }, emit) => {
          try {
            emit({ n });
          } catch {
            // As above.
          }
        })
        .forEach('failing', ({ n }) => check(n), { failure }),
    sink: () =>
      void numbers.to(
        'failing',
        { open: () => ({ write: ({ n }) => check(n), flush: () => 0, rollback: () => {}, close: () => {} }) },
        apart,
      ),
  };
  const stream = kind in operators ? operators[kind]?.() : numbers;
  return stream?.collect('out');
});

export interface FailingCountsParams {
  readonly count: number;
  readonly keys: number;
  readonly at: number;
  /** True if the operator fused behind `count` is to throw, false if `count` itself is. */
  readonly fuse: boolean;
  readonly failure?: OperatorOptions['failure'];
}

/** Counts per key, and throws at tuple `at`; what came out before tells the state that was committed. */
export const failingCounts = dataflow(
  import.meta.url,
  'failing-counts',
  (flow, { count, keys, at, fuse, failure }: FailingCountsParams) =>
    flow
      .source(
        'numbers',
        generate({ key: t.string(), n: t.u32() }, (n) => ({ key: `key-${n % keys}`, n }), { count }),
      )
      .keyBy('key')
      .process(
        'count',
        { state: { count: t.u32() }, output: { key: t.string(), n: t.u32(), count: t.u32() } },
        ({ key, n }, state, emit) => {
          state.count += 1;
          emit({ key, n, count: state.count });
          if (!fuse) explodeAt(at, n);
        },
        { failure },
      )
      .map(
        'check',
        { key: t.string(), n: t.u32(), count: t.u32() },
        (tuple) => {
          if (fuse) explodeAt(at, tuple.n);
          return tuple;
        },
        { failure },
      )
      .collect('out'),
);

/** How often the tuple at `at` was tried: only for jobs that run in the test's own thread. */
export const tries = { count: 0 };

/** Two sources of one operator, which throws at a tuple of the first. */
export const failingMerge = dataflow(
  import.meta.url,
  'failing-merge',
  (flow, { count, at, failure }: Pick<FailingParams, 'count' | 'at' | 'failure'>) => {
    const numbers = { n: t.u32(), from: t.u32() };
    const sourceFrom = (from: number) =>
      flow.source(
        `numbers-${from}`,
        generate(numbers, (n) => ({ n, from }), { count }),
      );
    return sourceFrom(0)
      .merge(sourceFrom(1))
      .map(
        'failing',
        numbers,
        ({ n, from }) => {
          if (from === 0 && n === at) tries.count++;
          if (from === 0) explodeAt(at, n);
          return { n, from };
        },
        { failure, fuse: false },
      )
      .collect('out');
  },
);
