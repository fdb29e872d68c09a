import type { OperatorKind } from './kind.ts';

/** Makes letters to actors of tuples, on the worker. */
export const letter: OperatorKind = {
  name: 'letter',
  role: 'operator',
  place: 'worker',
  step: ({ enter, feed, closure, tuple }) => `${enter} ${feed(`${closure}(${tuple})`)}`,
};
