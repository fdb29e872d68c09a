import type { OperatorKind } from './kind.ts';

/** The part of an aggregate that is in its writer's chain. */
export const combine: OperatorKind = {
  name: 'combine',
  role: 'operator',
  place: 'worker',
  step: ({ enter, hold }) => `${enter} ${hold}`,
};
