import type { OperatorKind } from './kind.ts';

/** One tuple out for each tuple in. */
export const map: OperatorKind = {
  name: 'map',
  role: 'operator',
  place: 'worker',
  step: ({ enter, feed, closure, tuple }) => `${enter} ${feed(`${closure}(${tuple})`)}`,
};
