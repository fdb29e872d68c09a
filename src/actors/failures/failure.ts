// What went wrong in a step: the words and facts that a failing actor adds to what was thrown.
// Relies on: it is made before the rollback, while the frame in work is still the reader's current one.

import { errors, MillraceError, show } from '../../errors.ts';
import type { FailurePolicy } from '../../flow/failure-policy.ts';
import { declaredName, type OperatorNode } from '../../flow/graph.ts';
import { type ReadStream, type Stage, stageName } from '../../flow/plan.ts';
import { type Decoder, generateDecoder } from '../../mailbox/decoder.ts';
import type { DictionaryReader } from '../../mailbox/dictionary.ts';
import type { RingReader } from '../../mailbox/ring-reader.ts';

/** The tuple in work: itself, its key if it has one, and where it stands. */
export interface Whereabouts {
  readonly key: unknown;
  readonly tuple: unknown;
  readonly position: string;
}

/** One failure of one operator. */
export interface Failure {
  readonly operator: OperatorNode;
  readonly policy: FailurePolicy;
  readonly where: Whereabouts;
  /** What was thrown. */
  readonly cause: unknown;
  /** True if the tuple in work is to blame, so that the operator's policy decides about it. */
  readonly isOfTuple: boolean;
}

/** A key as errors show it: the value itself if it is a single one. */
const keyValue = (values: readonly unknown[]): unknown => (values.length <= 1 ? values[0] : [...values]);

/** The key of an operator's tuple, as errors show it; undefined if the operator has none. */
export function keyOf({ inputs }: OperatorNode, tuple: unknown, input = 0): unknown {
  const key = inputs[input]?.key;
  return key && keyValue(key.map((field) => (tuple as Record<string, unknown>)[field]));
}

/** Between tuples: the batch's output did not fit, or its sink could not write. */
export const AT_COMMIT: Whereabouts = { key: undefined, tuple: undefined, position: 'the end of a batch' };

/** @param partition undefined if the source has only one */
export const inSource = (
  source: string,
  partition: number | undefined,
  position: unknown,
  tuple?: unknown,
): Whereabouts => ({ key: undefined, tuple, position: sourcePosition(source, partition, position) });

export const sourcePosition = (source: string, partition: number | undefined, position: unknown): string =>
  `position ${show(position)} of ${partition === undefined ? '' : `partition ${partition} of `}source '${source}'`;

/** In an end-of-stream closure, with the values of its key. */
export const atEndOfInput = (key: readonly unknown[]): Whereabouts => ({
  key: keyValue(key),
  tuple: undefined,
  position: 'the end of its input',
});

/** In the closure of a timer, with the values of its key. */
export const atTimer = (key: readonly unknown[], name: string, atMs: number): Whereabouts => ({
  key: keyValue(key),
  tuple: undefined,
  position: `the timer${name === '' ? '' : ` ${show(name)}`} of ${new Date(atMs).toISOString()}`,
});

/** Generating a decoder takes most of a millisecond, and a stream may be full of poison. */
const decoders = new WeakMap<ReadStream, Decoder<Record<string, unknown>>>();

function decoderOf(stage: Stage, stream: ReadStream): Decoder<Record<string, unknown>> {
  const known = decoders.get(stream);
  if (known !== undefined) return known;
  const { input, written, hashColumn } = stream;
  const made = generateDecoder<Record<string, unknown>>(
    stageName(stage),
    input.schema,
    written.keys.length,
    hashColumn,
  );
  decoders.set(stream, made);
  return made;
}

/** In a row of the reader's current frame, which is one of `stream`. */
export function inFrame(
  stage: Stage,
  stream: ReadStream,
  reader: RingReader,
  dictionary: DictionaryReader | undefined,
  row: number,
): Whereabouts {
  const position = `row ${row} of the frame at ${reader.position >>> 0} from '${stageName(stream.from)}'`;
  const decoder = decoderOf(stage, stream);
  decoder.open(reader.ring.data, reader.frameIndex, reader.count, dictionary);
  const tuple = decoder.tupleAt(row);
  return { key: keyOf(stage.operators[0], tuple, stream.inputIndex), tuple, position };
}

/** Errors that no other tuple would avoid: the job's resources, its files, or Millrace itself. */
const NOT_OF_A_TUPLE: ReadonlySet<string> = new Set([
  'STATE_FULL',
  'OUT_OF_MEMORY',
  'START_TIMEOUT',
  'SINK_FAILED',
  'INPUT_FILE',
  'INPUT_CHANGED',
  'BAD_CSV',
  'BAD_JSON',
  'SOURCE_CONTRACT',
  'ASYNC_CLOSURE',
  'RETURNED_TUPLES',
  'RETURNED_STATE',
  'LATE_EMIT',
  'UNKNOWN_OUTPUT',
  'ENDLESS_TIMER',
  'STATE_DAMAGED',
  'INVARIANT',
]);

/** True if what was thrown may be the fault of the tuple in work. */
export const mayBeOfTuple = (cause: unknown): boolean =>
  !(cause instanceof MillraceError && NOT_OF_A_TUPLE.has(cause.code));

/** The error that a job fails with: one of our own keeps its code, anything else becomes OPERATOR_FAILED. */
export function errorOf({ operator, where, cause }: Failure): MillraceError {
  const name = declaredName(operator);
  const { key, position } = where;
  if (!(cause instanceof MillraceError)) return errors.operatorFailed(name, key, position, cause);
  const atKey = key === undefined ? '' : `, key ${show(key)}`;
  const message = `${cause.message} (at ${position}${atKey})`;
  return new MillraceError(cause.code, message, { operator: name, key, position, ...cause.details }, cause);
}

export class ActorFailure extends Error {
  /** What its supervisor is to do. */
  readonly policy: Exclude<FailurePolicy, 'deadLetter'>;
  override readonly cause: MillraceError;
  /** Where the offending tuple stands. */
  readonly position: string;

  constructor(cause: MillraceError, policy: FailurePolicy, position: string) {
    super(cause.message);
    this.name = 'ActorFailure';
    this.policy = policy === 'escalate' ? 'escalate' : 'stop';
    this.cause = cause;
    this.position = position;
  }
}
