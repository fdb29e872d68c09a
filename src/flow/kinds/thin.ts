import type { OperatorKind } from './kind.ts';

/** Lets some of the tuples of each key pass. */
export const thin: OperatorKind = { name: 'thin', role: 'operator', place: 'worker' };
