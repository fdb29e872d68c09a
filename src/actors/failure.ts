// Where an exception happened: the words and facts that a failing actor adds to what was thrown.
// Relies on: it is called before the rollback, while the frame in work is still the reader's current one.

import { errors, MillraceError, show } from '../errors.ts';
import { generateDecoder } from '../mailbox/decoder.ts';
import type { DictionaryReader } from '../mailbox/dictionary.ts';
import type { RingReader } from '../mailbox/ring-reader.ts';
import type { Schema } from '../mailbox/schema.ts';
import { hashColumnOf, type Stage, stageName } from './plan.ts';

/** The key in work, if there is one, and where its tuple stands. */
export interface Whereabouts {
  readonly key: unknown;
  readonly position: string;
}

/** A key as errors show it: the value itself if it is a single one. */
const keyValue = (values: readonly unknown[]): unknown => (values.length <= 1 ? values[0] : [...values]);

/** Between tuples: the batch's output did not fit, or its sink could not write. */
export const AT_COMMIT: Whereabouts = { key: undefined, position: 'the end of a batch' };

export const inSource = (source: string, position: number): Whereabouts => ({
  key: undefined,
  position: `position ${position} of source '${source}'`,
});

/** In an end-of-stream closure, with the values of its key. */
export const atEndOfInput = (key: readonly unknown[]): Whereabouts => ({
  key: keyValue(key),
  position: 'the end of its input',
});

/** In a row of the reader's current frame, which stage `from` has written. */
export function inFrame(
  stage: Stage,
  from: Stage,
  reader: RingReader,
  dictionary: DictionaryReader | undefined,
  row: number,
): Whereabouts {
  const position = `row ${row} of the frame at ${reader.position >>> 0} from '${stageName(from)}'`;
  const { key } = stage.operators[0];
  if (key === undefined) return { key, position };
  const decoder = generateDecoder<Record<string, unknown>>(
    stageName(stage),
    stage.input as Schema,
    from.outputKeys.length,
    hashColumnOf(stage, from),
  );
  decoder.open(reader.ring.data, reader.frameIndex, reader.count, dictionary);
  const tuple = decoder.tupleAt(row);
  return { key: keyValue(key.map((field) => tuple[field])), position };
}

/** The error that a job fails with: one of our own keeps its code, anything else becomes OPERATOR_FAILED. */
export function failureAt(operator: string, { key, position }: Whereabouts, cause: unknown): MillraceError {
  if (!(cause instanceof MillraceError)) return errors.operatorFailed(operator, key, position, cause);
  const atKey = key === undefined ? '' : `, key ${show(key)}`;
  const message = `${cause.message} (at ${position}${atKey})`;
  return new MillraceError(cause.code, message, { operator, key, position, ...cause.details }, cause);
}
