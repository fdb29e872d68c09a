// Things go wrong at some tuples: some throw, one ends its worker the first time it is tried, one always has its operator restarted.

import { mkdirSync } from 'node:fs';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

interface Params {
  count?: number;
  /** Tuples per second. */
  rate?: number;
  /** Every tuple whose id is a multiple of it throws, but 0. */
  poison?: number;
  /** A directory that does not exist yet: whoever makes it ends its worker, at tuple 200. */
  marker?: string;
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
  const { count = 400, rate = 100_000, poison = Number.POSITIVE_INFINITY, marker, escalates } = params;
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
        if (id === 200 && marker !== undefined && isFirst(marker)) process.exit(7);
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
      { onError: 'escalate' },
    )
    .collect('ids');
});
