// Things go wrong at some tuples: some throw; one ends its worker, or hangs, the first time it is tried; one has its operator
// restarted whenever it is tried.

import { mkdirSync } from 'node:fs';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

interface Params {
  count?: number;
  /** Tuples per second. */
  rate?: number;
  /** Every tuple whose id is a multiple of it throws, but 0. */
  poison?: number;
  /** A directory that does not exist yet: whoever makes it, at tuple 200, ends its worker. */
  marker?: string;
  /** It does not end it, but loops for ever. */
  hangs?: boolean;
  /** The tuple that escalates, whenever it is tried. */
  escalates?: number;
}

const isFirst = (marker: string): boolean => {
  try {
    mkdirSync(marker);
    return true;
  } catch {
    return false;
  }
};

export default dataflow(import.meta.url, 'troubled', (flow, params: Params) => {
  const { count = 400, rate = 100_000, poison = Number.POSITIVE_INFINITY, marker, hangs = false, escalates } = params;
  return flow
    .source(
      'numbers',
      generate({ id: t.u32() }, (id) => ({ id }), { count, ratePerSecond: rate }),
    )
    .keyBy('id')
    .map(
      'check',
      { id: t.u32() },
      ({ id }) => {
        if (id > 0 && id % poison === 0) throw new RangeError(`${id} is\na poison`);
        if (id === 200 && marker !== undefined && isFirst(marker)) {
          while (hangs);
          process.exit(7);
        }
        return { id };
      },
      { parallelism: 2 },
    )
    .keyBy('id')
    .map(
      'serve',
      { id: t.u32() },
      ({ id }) => {
        if (id === escalates) throw new Error('no service today');
        return { id };
      },
      { failure: 'escalate' },
    )
    .collect('ids');
});
