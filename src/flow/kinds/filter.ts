import type { OperatorKind } from './kind.ts';

/** Passes on the tuples that its closure says yes to. */
export const filter: OperatorKind = {
  name: 'filter',
  role: 'operator',
  place: 'worker',
  step: ({ enter, closure, tuple, keeps, feed }) =>
    `${enter} const keep = ${closure}(${tuple}); if (${keeps('keep')}) ${feed(tuple)}`,
};
