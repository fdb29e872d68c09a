import type { Source } from '../source.ts';
import type { OperatorKind } from './kind.ts';

const source = { name: 'source', role: 'source' } as const;

/** The beginnings of a stream, by what its source is. */
export const sources: Readonly<Record<Source<never>['kind'], OperatorKind>> = {
  /** Read by a reader of its own, one read at a time: whoever watches for hangs sees each tuple. */
  reader: { ...source, place: 'worker', step: ({ nextRow, emit, tuple }) => `${nextRow} ${emit}(${tuple});` },
  /** Computed from the tuples' numbers. */
  generate: { ...source, place: 'worker', step: ({ feed, tuple }) => feed(tuple) },
  /** Pushed by the app. */
  push: { ...source, place: 'app' },
  /** Told by actors, or what they have answered. */
  told: { ...source, place: 'app' },
};
