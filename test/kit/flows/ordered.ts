// Flows in which replicas keep the order of their input together (test/flow/ordered.test.ts).
// Workers import this module too: it declares, and runs nothing.

import { count, max } from '../../../src/aggregates.ts';
import { type Dataflow, dataflow, outputs, type ParallelismRange, type Stream, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

const NUMBER = { n: t.u32() };

/** What a step makes of a number: none, one or several. */
export type Step =
  | { readonly kind: 'map'; readonly add: number }
  | { readonly kind: 'filter'; readonly modulus: number }
  | { readonly kind: 'flatMap'; readonly times: number };

export interface OrderedParams {
  readonly count: number;
  readonly partitions?: number;
  readonly sourceReplicas?: number;
  /** The first of each list is shared by replicas, and the others run with it. */
  readonly stages: readonly (readonly Step[])[];
  readonly parallelism: number | ParallelismRange;
  /** Bytes of text that each tuple carries. */
  readonly textBytes?: number;
  /** Numbers that are dead letters. */
  readonly poisonEvery?: number;
  /** The group of numbers that take so long, in milliseconds: n % `of` === `is`. */
  readonly slow?: { readonly of: number; readonly is: number; readonly ms: number };
  readonly lingers?: boolean;
}

export const textOf = (n: number, bytes = 0): string => String(n).padEnd(n % 5 === 0 ? bytes : 0, 'x');

export function applied({ kind, ...step }: Step, n: number): number[] {
  if (kind === 'map') return [n + (step as { add: number }).add];
  if (kind === 'filter') return n % (step as { modulus: number }).modulus === 0 ? [] : [n];
  return Array.from({ length: n % ((step as { times: number }).times + 1) }, (_, k) => n + k);
}

/** By a plain loop. */
export const expectedOf = ({ count: many, stages, poisonEvery = 0 }: OrderedParams): number[] =>
  stages.flat().reduce(
    (numbers, step) => numbers.flatMap((n) => applied(step, n)),
    Array.from({ length: many }, (_, n) => n).filter((n) => poisonEvery === 0 || n % poisonEvery !== 1),
  );

const TEXT = { ...NUMBER, text: t.string() };

function added(
  stream: Stream<typeof TEXT>,
  name: string,
  step: Step,
  parallelism: number | ParallelismRange,
): Stream<typeof TEXT> {
  switch (step.kind) {
    case 'map':
      return stream.map(name, TEXT, ({ n, text }) => ({ n: applied(step, n)[0], text }), { parallelism });
    case 'filter':
      return stream.filter(name, ({ n }) => applied(step, n).length > 0, { parallelism });
    case 'flatMap':
      return stream.flatMap(
        name,
        TEXT,
        ({ n, text }, emit) => {
          for (const each of applied(step, n)) emit({ n: each, text });
        },
        { parallelism },
      );
  }
}

/** Stages of replicas that keep the order, one behind the other. */
export const ordered = dataflow(import.meta.url, 'ordered', (flow, params: OrderedParams) => {
  const { count: many, partitions = 1, sourceReplicas = 1, stages, parallelism, textBytes, poisonEvery = 0 } = params;
  let stream: Stream<typeof TEXT> = flow
    .source(
      'numbers',
      generate(TEXT, (n) => ({ n, text: textOf(n, textBytes) }), { count: many, partitions }),
      { parallelism: sourceReplicas },
    )
    .ordered()
    .map(
      'check',
      TEXT,
      (tuple) => {
        const { slow } = params;
        if (poisonEvery > 0 && tuple.n % poisonEvery === 1) throw new Error(`${tuple.n} is poison`);
        if (slow !== undefined && tuple.n % slow.of === slow.is) {
          for (const until = performance.now() + slow.ms; performance.now() < until; );
        }
        return tuple;
      },
      { parallelism },
    );
  stages.forEach((steps, stage) => {
    steps.forEach((step, k) => {
      const before = k === 0 && stage > 0 ? stream.ordered() : stream;
      stream = added(before, `${step.kind}-${stage}-${k}`, step, k === 0 && stage > 0 ? parallelism : 1);
    });
  });
  return stream.map('numbered', NUMBER, ({ n }) => ({ n })).collect('out');
});

/** One of its outputs goes on in the replicas, the others leave them. */
export const sides = dataflow(import.meta.url, 'ordered-sides', (flow, { count: many }: { count: number }) => {
  const { odd, even } = flow
    .source(
      'numbers',
      generate(NUMBER, (n) => ({ n }), { count: many }),
    )
    .ordered()
    .flatMap(
      'fork',
      outputs({ odd: NUMBER, even: NUMBER }),
      ({ n }, emit) => {
        if (n % 2 === 1) emit.odd({ n });
        else emit.even({ n });
      },
      { parallelism: 3 },
    );
  return [odd.filter('few', ({ n }) => n % 10 === 1).collect('few-out'), even.collect('even-out')];
});

const TIMED = { key: t.u32(), at: t.f64() };

/** A window over what replicas have made side by side: nothing is late that was not late before. */
export const timed = dataflow(import.meta.url, 'ordered-time', (flow, { count: many }: { count: number }) => {
  const onTime = flow
    .source(
      'times',
      generate(TIMED, (i) => ({ key: i % 3, at: i * 10 + (i % 4) * 7 }), { count: many }),
    )
    .withEventTime('at', { outOfOrderMs: 50 });
  return onTime
    .ordered()
    .map('pass', TIMED, (tuple) => tuple, { parallelism: 3 })
    .keyBy('key')
    .window(tumbling({ sizeMs: 1000 }))
    .aggregate('windows', { tuples: count(), last: max('at') }, { parallelism: 2 })
    .collect('out');
});

/** For an app that pushes one tuple after the other, and waits for each. */
export const answering = dataflow(import.meta.url, 'answering', (flow) =>
  flow
    .source('numbers', push(NUMBER))
    .ordered()
    .map('double', NUMBER, ({ n }) => ({ n: n * 2 }), { parallelism: 4 })
    .collect('out'),
);

const fields = { n: t.u32() };

/** What is refused, by name. */
export const refused: Readonly<Record<string, Dataflow<undefined, unknown>>> = {
  awaits: dataflow(import.meta.url, 'awaits', (flow) =>
    flow
      .source('numbers', push(fields))
      .ordered()
      .mapAsync('ask', fields, async (tuple) => tuple, { parallelism: 2 })
      .collect('out'),
  ),
  ends: dataflow(import.meta.url, 'ends', (flow) =>
    flow
      .source('numbers', push(fields))
      .ordered()
      .forEach('end', () => {}, { parallelism: 2 }),
  ),
};
