import type { OperatorKind } from './kind.ts';

/** Keeps of the tuples of each key what its aggregates need. */
export const aggregate: OperatorKind = { name: 'aggregate', role: 'operator', place: 'worker' };
