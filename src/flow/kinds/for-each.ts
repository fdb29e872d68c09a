import type { OperatorKind } from './kind.ts';

/** The end of a stream in a closure. */
export const forEach: OperatorKind = {
  name: 'forEach',
  role: 'sink',
  place: 'worker',
  step: ({ enter, run, closure, tuple }) => `${enter} ${run(`${closure}(${tuple})`)}`,
};
