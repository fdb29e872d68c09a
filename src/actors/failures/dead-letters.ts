// Dead letters: tuples that an operator failed at, on their way from the actor to the app.
// Promises: a letter is part of the transaction that skips its tuple: written exactly once, or the tuple is not skipped.
// Relies on: every actor has a small ring for them, read by the app's thread (src/supervisor/job/dead-letters.ts).

import { show, toRecord } from '../../errors.ts';
import { declaredName } from '../../flow/graph.ts';
import { type Decoder, generateDecoder } from '../../mailbox/decoder.ts';
import { type Encoder, generateEncoder } from '../../mailbox/encoder.ts';
import { packJson, unpackJson } from '../../mailbox/json.ts';
import { Output, type OutputMark } from '../../mailbox/output.ts';
import type { Ring } from '../../mailbox/ring.ts';
import { Schema, t } from '../../mailbox/schema.ts';
import { TupleReader } from '../../mailbox/tuple-reader.ts';
import type { LetterMemory } from '../actor-descriptor.ts';
import type { Failure } from './failure.ts';
import { beginningOf, shortenedError } from './shortened-error.ts';

/** Ring bytes for an actor's dead letters. */
export const LETTER_RING_BYTES = 1 << 16;
/** Most that letters may take beyond their ring before the actor must wait for the app to read them. */
export const LETTER_OUTBOX_BYTES = 1 << 22;
/** A tuple larger than this is described, not carried. */
const LETTER_BYTES_MAX = LETTER_RING_BYTES >>> 2;
/** Of a field of a key that is larger still. */
const KEY_CHARACTERS_MAX = 80;

/** What a letter carries besides its operator: through `json`, so that any tuple and error fits. */
export interface LetterBody {
  readonly key?: unknown;
  readonly tuple?: unknown;
  readonly error: ReturnType<typeof toRecord>;
  readonly position: string;
}

export interface LetterTuple {
  operator: string;
  replica: number;
  body: Uint8Array;
}

const LETTER_SCHEMA = Schema.of({ operator: t.string(), replica: t.u32(), body: t.bytes() }, 'dead letters');

export const openLetter = (body: Uint8Array): LetterBody => unpackJson(body) as LetterBody;

let decoder: Decoder<LetterTuple> | undefined;

/** The other end. The decoder is generated once: it has no state beyond the frame that is open. */
export function letterReader({ ring }: Pick<LetterMemory, 'ring'>): TupleReader<LetterTuple> {
  decoder ??= generateDecoder<LetterTuple>('dead letters', LETTER_SCHEMA, 0, 0);
  return new TupleReader({ memory: { ring, dictionary: undefined }, slot: 0 }, decoder);
}

/** The actor's end. The encoder is generated with the first letter: few actors ever write one. */
export class DeadLetterWriter {
  readonly output: Output;
  private readonly replica: number;
  private encoder: Encoder<LetterTuple> | undefined;

  constructor(operator: string, replica: number, ring: Ring, outbox: SharedArrayBuffer, mark: OutputMark) {
    this.replica = replica;
    this.output = new Output(operator, ring, outbox, mark);
  }

  write({ operator, where, cause }: Failure): void {
    this.encoder ??= generateEncoder(`${operator.name}/letters`, LETTER_SCHEMA, [], this.output, undefined);
    const { key, tuple, position } = where;
    const error = toRecord(cause);
    this.encoder.emit({
      operator: declaredName(operator),
      replica: this.replica,
      body: bodyOf({ key, tuple, error, position }),
    });
    this.encoder.flush();
  }

  /** Forgets what was written since the commit that `mark` is of. */
  restore(mark: OutputMark): void {
    this.encoder?.discard();
    this.output.restore(mark);
  }
}

/** A key that cannot be carried: its beginning, of each of its fields; undefined stays what it is. */
function describedKey(key: unknown): unknown {
  if (key === undefined) return undefined;
  if (typeof key === 'string') return beginningOf(key, KEY_CHARACTERS_MAX);
  return Array.isArray(key) ? key.map(describedKey) : show(key);
}

/** The body as bytes, with as much of it as fits: what is too large makes way itself, and not what stands beside it. */
function bodyOf(body: LetterBody): Uint8Array {
  const whole = packed(body);
  if (whole !== undefined) return whole;
  const { key, tuple, error, position } = body;
  const short = shortenedError(error);
  const shown = tuple === undefined ? undefined : show(tuple);
  const described = { key: describedKey(key), tuple: shown, position };
  return (
    packed({ key, tuple, error: short, position }) ??
    packed({ key, tuple: shown, error, position }) ??
    packed({ key, tuple: shown, error: short, position }) ??
    packed({ ...described, error: short }) ??
    packJson({ ...described, error: { ...short, cause: undefined, details: {} } })
  );
}

/** The body as bytes; undefined if it cannot be encoded or is too large. */
function packed(body: LetterBody): Uint8Array | undefined {
  try {
    const bytes = packJson(body);
    return bytes.length <= LETTER_BYTES_MAX ? bytes : undefined;
  } catch {
    return undefined;
  }
}
