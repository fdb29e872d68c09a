import type { OperatorKind } from './kind.ts';

/** One tuple out for each tuple in, once its closure's promise has settled. What takes the tuples stands in for the closure. */
export const mapAsync: OperatorKind = {
  name: 'mapAsync',
  role: 'operator',
  place: 'worker',
  mayAwait: true,
  step: ({ enter, feed, closure, tuple }) => `${enter} ${feed(`${closure}(${tuple})`)}`,
};
