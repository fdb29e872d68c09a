import type { OperatorKind } from './kind.ts';

/** Any number of tuples out for each tuple in. */
export const flatMap: OperatorKind = {
  name: 'flatMap',
  role: 'operator',
  place: 'worker',
  mayFailAfterEmit: true,
  step: ({ enter, run, closure, tuple, emit, rethrow }) =>
    `${enter} ${run(`${closure}(${tuple}, ${emit})`)} ${rethrow}`,
};
