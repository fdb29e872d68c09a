// How far a source has come, as its readers say it: what they have read, and all that there is.
// Promises: pure; what is told on is a pair of numbers that can be added up over the partitions of a source.

import { errors } from '../errors.ts';

/** How far the reader of a partition has come. */
export interface SourceProgress {
  /** What has been read, in a unit of the source's own: bytes, tuples, … */
  readonly done: number;
  /** All that there is to read, in the same unit, which all partitions share. It may grow. */
  readonly total: number;
}

const isCount = (given: unknown): given is number => typeof given === 'number' && given >= 0;

/**
 * What a reader has said of its progress: undefined if the end is not known, and never more than there is.
 * @throws MillraceError SOURCE_CONTRACT if it is nothing of the kind
 */
export function checkProgress(source: string, given: unknown): SourceProgress | undefined {
  if (given === undefined) return undefined;
  const { done, total } = (given ?? {}) as Partial<SourceProgress>;
  if (!isCount(done) || !isCount(total)) throw errors.badProgress(source, given);
  if (!Number.isFinite(done) || !Number.isFinite(total)) return undefined;
  return { done, total: Math.max(done, total) };
}
