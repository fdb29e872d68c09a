import type { OperatorKind } from './kind.ts';

/** Any number of tuples out for each tuple in, once its closure's promise has settled. */
export const flatMapAsync: OperatorKind = {
  name: 'flatMapAsync',
  role: 'operator',
  place: 'worker',
  mayAwait: true,
  mayFailAfterEmit: true,
  step: ({ enter, run, closure, tuple, emit, rethrow }) =>
    `${enter} ${run(`${closure}(${tuple}, ${emit})`)} ${rethrow}`,
};
