// Flows whose closures return what is not there yet, or emit too late.
// Workers import this module too: it declares, and runs nothing.

import type { FlowBuilder } from '../../../src/flow/dataflow.ts';
import { dataflow, type Stream, t } from '../../../src/index.ts';
import { writeLines } from '../../../src/sinks.ts';
import { fromIterable, generate } from '../../../src/sources.ts';

const N = { n: t.u32() };
type Numbers = Stream<typeof N>;

/** Wraps an async function so that nothing can be seen before it is called. */
const disguised = (closure: (...values: never[]) => unknown): never =>
  ((...values: never[]) => closure(...values)) as never;
const later = async (): Promise<unknown> => {
  await null;
  return { n: 1 };
};

export type AsyncKind = (typeof ASYNC_KINDS)[number];
export const ASYNC_KINDS = [
  'generate',
  'iterable',
  'map',
  'filter',
  'flatMap',
  'flatMap rejects',
  'flatMap generator',
  'flatMap async generator',
  'process',
  'end',
  'forEach',
  'forEach rejects',
  'to line',
  'sink write',
  'sink flush',
  'source read',
] as const;

async function* asyncGenerator() {
  yield { n: 1 };
}
function* generator() {
  yield { n: 1 };
}
const rejecting = async (): Promise<never> => {
  throw new Error('lost');
};

const own = (write: () => unknown, flush: () => unknown) => ({
  open: () => ({ write: write as () => void, flush: flush as () => number, rollback() {}, close() {} }),
});

const OPERATORS: Readonly<Record<string, (numbers: Numbers, file: string) => unknown>> = {
  map: (numbers) => numbers.map('bad', N, disguised(later)).collect('out'),
  filter: (numbers) =>
    numbers
      .filter(
        'bad',
        disguised(async () => false),
      )
      .collect('out'),
  flatMap: (numbers) => numbers.flatMap('bad', N, disguised(later)).collect('out'),
  'flatMap rejects': (numbers) => numbers.flatMap('bad', N, disguised(rejecting)).collect('out'),
  'flatMap generator': (numbers) => numbers.flatMap('bad', N, disguised(generator)).collect('out'),
  'flatMap async generator': (numbers) => numbers.flatMap('bad', N, disguised(asyncGenerator)).collect('out'),
  process: (numbers) => numbers.keyBy('n').process('bad', { state: { c: t.u32() } }, disguised(later)),
  end: (numbers) => numbers.keyBy('n').process('bad', { state: { c: t.u32() } }, () => {}, { end: disguised(later) }),
  forEach: (numbers) => numbers.forEach('bad', disguised(later)),
  'forEach rejects': (numbers) => numbers.forEach('bad', disguised(rejecting)),
  'to line': (numbers, file) => numbers.to('bad', writeLines(file, disguised(later))),
  'sink write': (numbers) =>
    numbers.to(
      'bad',
      own(later, () => 0),
    ),
  'sink flush': (numbers) =>
    numbers.to(
      'bad',
      own(() => {}, later),
    ),
};

function sourceOf(flow: FlowBuilder, kind: AsyncKind): Numbers {
  switch (kind) {
    case 'generate':
      return flow.source('bad', generate(N, disguised(later), { count: 20 }));
    case 'iterable':
      return flow.source(
        'bad',
        fromIterable(
          N,
          disguised(() => [later(), later()]),
        ),
      );
    case 'source read':
      return flow.source('bad', {
        kind: 'reader',
        fields: N,
        open: () => ({ position: 0, read: later as never, close() {} }),
      });
    default:
      return flow.source(
        'numbers',
        generate(N, (n) => ({ n }), { count: 20 }),
      );
  }
}

/** The operator at fault is called 'bad'. */
export const asyncClosures = dataflow(
  import.meta.url,
  'async-closures',
  (flow, { kind, fuse, file }: { kind: AsyncKind; fuse: boolean; file: string }) => {
    const numbers = sourceOf(flow, kind);
    const before = fuse ? numbers : numbers.map('apart', N, (tuple) => tuple, { fuse: false });
    const add = OPERATORS[kind] ?? ((stream: Numbers) => stream.forEach('taken', () => {}));
    add(before, file);
  },
);

/** Emits from a timer. */
export const lateEmit = dataflow(import.meta.url, 'late-emit', (flow, { fuse }: { fuse: boolean }) => {
  flow
    .source(
      'numbers',
      generate(N, (n) => ({ n }), { count: 1000, ratePerSecond: 1000 }),
    )
    .flatMap('late', N, ({ n }, emit) => {
      if (n === 5) setTimeout(() => emit({ n }), 1);
    })
    .map('next', N, (tuple) => tuple, { fuse })
    .forEach('taken', () => {});
});
