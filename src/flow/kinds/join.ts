import type { OperatorKind } from './kind.ts';

/** Tuples of two streams that meet in the state of their key. */
export const join: OperatorKind = { name: 'join', role: 'operator', place: 'worker' };
