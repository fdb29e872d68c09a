// A flow whose closure prints a line for each tuple, and may then end its thread in some way, once.
// Workers import this module too: on a worker it prints a line itself, if it is asked to.

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** Ways in which the thread ends, or the tuple fails. */
export type Ending = 'none' | 'exit' | 'uncaught' | 'hang' | 'throw';

export interface PrintingParams {
  readonly count: number;
  readonly to: 'stdout' | 'stderr';
  readonly ending: Ending;
  readonly ratePerSecond?: number;
  /** Cells of {@link PrintCell}. */
  readonly cells: SharedArrayBuffer;
}

export const PrintCell = { printed: 0, ended: 1 } as const;

export const LINE_CHARACTERS = 500;
export const lineOf = (n: number): string => `line ${n} `.padEnd(LINE_CHARACTERS, 'x');
/** After which tuple the thread ends. */
export const ENDS_AT = 2000;
export const LOADED = 'a module that prints';

/** While it is set, the module prints as a worker loads it. */
export const PRINTS = 'MILLRACE_TEST_PRINTS';

if (!isMainThread && process.env[PRINTS] !== undefined) console.log(LOADED);

const endings: Readonly<Record<Ending, () => void>> = {
  none: () => {},
  exit: () => process.exit(1),
  uncaught: () => {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  },
  hang: () => {
    for (;;);
  },
  throw: () => {
    throw new Error('this tuple cannot be printed');
  },
};

export const printing = dataflow(import.meta.url, 'printing', (flow, params: PrintingParams) => {
  const { count, to, ending, ratePerSecond } = params;
  const words = new Int32Array(params.cells);
  const print = to === 'stdout' ? console.log : console.error;
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count, ...(ratePerSecond && { ratePerSecond }) }),
    )
    .forEach(
      'print',
      ({ n }) => {
        print(lineOf(n));
        Atomics.add(words, PrintCell.printed, 1);
        const isDue =
          n === ENDS_AT && (ending === 'throw' || Atomics.compareExchange(words, PrintCell.ended, 0, 1) === 0);
        if (isDue) endings[ending]();
      },
      { failure: 'stop' },
    );
});

export const LARGE_BYTES = 5_000_000;

/** Writes few and large chunks. */
export const printsLarge = dataflow(import.meta.url, 'prints-large', (flow) => {
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 4 }),
    )
    .forEach('print', ({ n }) => {
      process.stdout.write(`${String(n).repeat(LARGE_BYTES)}\n`);
    });
});
