import type { OperatorKind } from './kind.ts';

/** Gives tuples their event times, and leaves out those that are late. */
export const eventTime: OperatorKind = {
  name: 'eventTime',
  role: 'operator',
  place: 'worker',
  step: ({ enter, judge, closure, tuple, feed }) =>
    `${enter} if (${judge(`${closure}(${tuple})`)}) { ${feed(tuple)} } else { ${feed(tuple, 1)} }`,
};
