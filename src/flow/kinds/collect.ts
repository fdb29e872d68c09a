import type { OperatorKind } from './kind.ts';

/** The end of a stream in the app, which iterates over it. */
export const collect: OperatorKind = { name: 'collect', role: 'output', place: 'app' };
