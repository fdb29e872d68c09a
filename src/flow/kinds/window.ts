import type { OperatorKind } from './kind.ts';

/** Keeps windows of the tuples of each key. */
export const window: OperatorKind = { name: 'window', role: 'operator', place: 'worker' };
