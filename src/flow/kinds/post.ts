import type { OperatorKind } from './kind.ts';

/** Hands letters on to actors, in the app's thread. */
export const post: OperatorKind = { name: 'post', role: 'sink', place: 'app' };
