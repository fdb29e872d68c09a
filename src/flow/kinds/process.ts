import type { OperatorKind } from './kind.ts';

/** Tuples that meet the state of their key. */
export const process: OperatorKind = { name: 'process', role: 'operator', place: 'worker' };
