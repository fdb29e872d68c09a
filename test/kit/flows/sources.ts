// Flows that pass on what their source gives, one for each source.
// Workers import this module too: it declares, and runs nothing.

import { Readable } from 'node:stream';
import { dataflow, t } from '../../../src/index.ts';
import {
  type FromReadableOptions,
  fromIterable,
  fromReadable,
  generate,
  push,
  readCsv,
  readLines,
} from '../../../src/sources.ts';

export const fromLines = dataflow(import.meta.url, 'from-lines', (flow, { path }: { path: string }) =>
  flow.source('lines', readLines(path)).collect('out'),
);

export interface CsvParams {
  readonly path: string;
  readonly header?: boolean;
  readonly badRecords?: 'fail' | 'skip';
}

export const csvFields = { id: t.u32(), name: t.string(), price: t.f64(), sold: t.bool() };

export const fromCsv = dataflow(import.meta.url, 'from-csv', (flow, { path, header, badRecords }: CsvParams) =>
  flow.source('records', readCsv(path, csvFields, { header, badRecords })).collect('out'),
);

export const fromValues = dataflow(
  import.meta.url,
  'from-values',
  (flow, { count, isAsync }: { count: number; isAsync: boolean }) =>
    flow
      .source(
        'values',
        fromIterable({ n: t.u32() }, () => (isAsync ? later(count) : Array.from({ length: count }, (_, n) => ({ n })))),
      )
      .collect('out'),
);

export const notIterable = dataflow(import.meta.url, 'not-iterable', (flow) =>
  flow
    .source(
      'values',
      fromIterable({ n: t.u32() }, () => 5 as never),
    )
    .collect('out'),
);

async function* later(count: number, from = 0) {
  for (let n = from; n < count; n++) {
    if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    yield { n };
  }
}

export interface StreamParams extends FromReadableOptions {
  readonly count: number;
  readonly kind: 'node' | 'web' | 'iterable';
  /** Counts openings, if it is there. */
  readonly openings?: Int32Array;
}

/** Numbers from a stream that is opened on the worker. */
export const fromStream = dataflow(
  import.meta.url,
  'from-stream',
  (flow, { count, kind, openings, resume }: StreamParams) =>
    flow
      .source(
        'stream',
        fromReadable(
          { n: t.u32() },
          ({ position }) => {
            if (openings !== undefined) Atomics.add(openings, 0, 1);
            const numbers = later(count, position);
            if (kind === 'iterable') return numbers;
            const stream = Readable.from(numbers);
            return kind === 'node' ? stream : (Readable.toWeb(stream) as unknown as typeof numbers);
          },
          { resume },
        ),
      )
      .collect('out'),
);

export const generated = dataflow(
  import.meta.url,
  'generated',
  (flow, { count, ratePerSecond }: { count?: number; ratePerSecond?: number }) =>
    flow
      .source(
        'numbers',
        generate({ n: t.u32() }, (n) => ({ n }), { count, ratePerSecond }),
      )
      .collect('out'),
);

export const fromApp = dataflow(import.meta.url, 'from-app', (flow, { slowMs = 0 }: { slowMs?: number } = {}) =>
  flow
    .source('app', push({ n: t.u32(), text: t.string() }))
    .map('pass', { n: t.u32(), text: t.string() }, ({ n, text }) => {
      if (slowMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slowMs);
      return { n, text };
    })
    .collect('out'),
);

/** Push and collect with nothing between them: no actor runs on a worker. */
export const appToApp = dataflow(import.meta.url, 'app-to-app', (flow) =>
  flow.source('app', push({ n: t.u32() })).collect('out'),
);

export const manyReaders = dataflow(import.meta.url, 'many-readers', (flow) => {
  const numbers = flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 1 }),
    )
    .keyBy('n');
  for (let i = 0; i < 3; i++) numbers.forEach(`reader-${i}`, () => {}, { parallelism: 30 });
});

/** A stream with a chunk in it that does not fit the schema. */
export const misfitting = dataflow(import.meta.url, 'misfitting', (flow) =>
  flow
    .source(
      'stream',
      fromReadable({ n: t.u32() }, () => Readable.from([{ n: 1 }, { n: 'x' as never }, { n: 3 }])),
    )
    .collect('out'),
);
