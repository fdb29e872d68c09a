// The encoder of a stream: a generated `emit` that validates a tuple and appends it to local columns, and a generated
// `flush` that copies the columns into one frame of the output.
// Promises: every field is validated and converted before the row count is raised, so a caller's catch cannot keep half
// a tuple; `emit` never waits; frames are bounded in rows and bytes.
// Relies on: docs/mailboxes.md for the frame's layout; the decoder reads what stands here.

import { errors } from '../errors.ts';
import { generate } from './codegen.ts';
import { type Column, constantsOf, type KeyCodec } from './columns/codec.ts';
import { timeColumn } from './columns/time-column.ts';
import { refuseDeferred } from './deferred.ts';
import { type DictionaryWriter, isWide } from './dictionary.ts';
import { combine32, hashDouble, hashLatin1, hashString, hashUtf16, keyHashCode, mix32 } from './hash.ts';
import type { Output } from './output.ts';
import { FRAME_HEADER_WORDS, FrameKind } from './ring.ts';
import type { Schema, SchemaField } from './schema.ts';

/** Rows of one frame: more did not pay, 16384 hurt (docs/mailboxes.md). */
export const FRAME_ROWS_MAX = 4096;
/** A frame is flushed when it fills this share of its ring, so that several fit. */
const FRAME_RING_SHARE = 8;
/** Tuples whose fields are all compared with the schema at first; later it is the first one of each frame. */
export const FULLY_CHECKED_TUPLES = 64;

export interface Encoder<Tuple = unknown> {
  /** Validates and appends one tuple. Throws without effect on a bad one. */
  emit(tuple: Tuple): void;
  /** Writes the rows so far as one frame; nothing if there are none. */
  flush(): void;
  /** Forgets the rows so far: its transaction is rolled back. */
  discard(): void;
  /** Tuples emitted since the encoder was made, minus discarded ones; flushed ones count even if they are rolled back. */
  emitted(): number;
}

/** What a schema's validation needs of the place it stands in. */
export interface Validation {
  /** Statements that read the fields of `tuple` into v0, v1, … and throw on a bad one. */
  readonly code: string;
  readonly constants: Readonly<Record<string, unknown>>;
}

/** Code that validates `tuple` against a schema. */
export function validationCode(schema: Schema, operator: string): Validation {
  const lines = [`if (typeof tuple !== 'object' || tuple === null) notATuple(tuple);`];
  schema.fields.forEach((field, i) => {
    lines.push(`const v${i} = tuple.${field.name};`);
    lines.push(`if (${field.codec.invalid(`v${i}`, i)}) badValue(${i}, v${i}, tuple);`);
  });
  return {
    code: lines.join('\n'),
    constants: {
      ...constantsOf(schema.fields, operator),
      notATuple: (value: unknown) => {
        refuseDeferred(operator, value);
        throw errors.notATuple(operator, value);
      },
      badValue: (index: number, value: unknown, tuple: unknown) => {
        refuseDeferred(operator, tuple);
        throw badValue(schema.fields[index], value, operator);
      },
      checkNames: namesChecker(schema, operator),
    },
  };
}

function badValue(field: SchemaField, value: unknown, operator: string): Error {
  return errors.badValue(operator, field.name, value, field.codec.label, field.codec.rule);
}

/** A function that throws if a tuple has a field which the schema lacks. */
function namesChecker(schema: Schema, operator: string): (tuple: object) => void {
  const known = new Set(schema.names);
  return (tuple) => {
    for (const name of Object.keys(tuple)) {
      if (!known.has(name)) throw errors.unknownField(operator, name, schema.names);
    }
  };
}

const half = '((n + 1) >>> 1)';
/** By how much `exact` can exceed `weight`, and by how much the end of a column can exceed both. */
const COLUMN_SLACK_BYTES = 24;

/** How a field is a key: dataflow.ts and row-layout.ts admit no other. */
export function keyCodec({ name, codec }: SchemaField): KeyCodec {
  if (codec.key === undefined) throw errors.invariant(`field '${name}' of type ${codec.label} is no key`);
  return codec.key;
}

function hashColumnCode(schema: Schema, key: readonly number[], column: number): string {
  const hash = keyHashCode(key.map((i) => keyCodec(schema.fields[i]).hashOfRow(i)));
  return `{ const at = (hashes + ${column} * ${half}) << 1; for (let r = 0; r < n; r++) target.i32[at + r] = ${hash}; }`;
}

/** Widths below which copying element by element beats a typed-array call. */
const COPY_LOOP_MAX = 16;

function copy(
  to: Uint8Array | Int32Array | Uint32Array | Float64Array,
  at: number,
  from: Uint8Array | Int32Array | Uint32Array | Float64Array,
  count: number,
): void {
  if (count <= COPY_LOOP_MAX) for (let i = 0; i < count; i++) to[at + i] = from[i];
  else to.set(count === from.length ? from : from.subarray(0, count), at);
}

function widen(bytes: Uint8Array, needed: number): Uint8Array {
  const wider = new Uint8Array(2 ** Math.ceil(Math.log2(needed)));
  wider.set(bytes);
  return wider;
}

function writeInline(
  target: Output['target'],
  word: number,
  strings: readonly string[],
  text: string,
  bytes: number,
  wide: boolean,
): number {
  let w = word;
  let end = 0;
  strings.forEach((string, i) => {
    end += string.length;
    target.u32[(w << 1) + i] = end;
  });
  w += (strings.length + 1) >>> 1;
  target.i32[w << 1] = bytes;
  target.i32[(w << 1) + 1] = wide ? 1 : 0;
  w += 1;
  if (wide) target.text.ucs2Write(text, w << 3, bytes);
  else target.text.latin1Write(text, w << 3, bytes);
  return w + ((bytes + 7) >>> 3);
}

/** The columns of a frame: those of the fields, and that of the tuples' times if they have such. */
function columnsOf({ fields }: Schema, isTimed: boolean): Column[] {
  const columns = fields.map(({ codec }, i) => codec.column(i));
  return isTimed ? [...columns, timeColumn(fields.length)] : columns;
}

/** What one tuple of a stream may take at most, and the code that checks it. */
export interface TupleLimit {
  /** Bytes of a frame of one row without its values of variable length. */
  readonly aloneBytes: number;
  /** Bytes that these values may take. */
  readonly variableBytes: number;
  /**
   * Statements that prepare v0, v1, … for their columns, and throw if they are too large together. They define `size`, a bound of the bytes of variable length, if there are fields of such.
   */
  readonly code: string;
  readonly constants: Readonly<Record<string, unknown>>;
}

/**
 * The limit of a stream's tuples: half of its ring, or padding could make one fit never.
 * @param idOf the code of a function that gives the id of a dictionary field's string, or -1 if it travels inline
 * @param isTimed true if each tuple travels with its event time
 * @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits
 */
export function tupleLimit(
  operator: string,
  schema: Schema,
  hashColumns: number,
  ringBytes: number,
  idOf: string,
  isTimed = false,
): TupleLimit {
  const columns = columnsOf(schema, isTimed);
  const aloneBytes = columns.reduce((sum, column) => sum + column.aloneBytes, 8 * (FRAME_HEADER_WORDS + hashColumns));
  const variableBytes = ringBytes / 2 - aloneBytes;
  if (variableBytes < 0) throw errors.tupleTooLarge(operator, aloneBytes, ringBytes);
  const prepare = schema.fields.map(({ codec }, i) => codec.prepare(i, idOf)).filter((code) => code !== '');
  const weights = columns.map(({ weight }) => weight).filter((weight) => weight !== '');
  const exact = columns.map((column) => column.exact).filter((each) => each !== '');
  const check = `const size = ${weights.join(' + ')};
if (size > CHECKED) checkSize(${exact.join(' + ')});`;
  return {
    aloneBytes,
    variableBytes,
    code: [...prepare, ...(weights.length === 0 ? [] : [check])].join('\n'),
    constants: {
      CHECKED: variableBytes - COLUMN_SLACK_BYTES * columns.length,
      isWide,
      checkSize: (bytes: number) => {
        if (bytes > variableBytes) throw errors.tupleTooLarge(operator, bytes + aloneBytes, ringBytes);
      },
    },
  };
}

/**
 * Generates the encoder of one stream.
 * @param keys the distinct keys of the stream's consumers, each a list of field indices: one hash column each
 * @param dictionary needed if the schema has dictionary fields
 * @param clock where the event time of the tuple in work stands; undefined if the stream has no event time
 * @param isOrdered true if frames say where their tuples come from
 * @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits half the ring
 */
export function generateEncoder<Tuple>(
  operator: string,
  schema: Schema,
  keys: readonly (readonly number[])[],
  output: Output,
  dictionary: DictionaryWriter | undefined,
  clock?: Readonly<Float64Array>,
  isOrdered = false,
): Encoder<Tuple> {
  const isTimed = clock !== undefined;
  const columns = columnsOf(schema, isTimed);
  const fixedBytes = columns.reduce((sum, column) => sum + column.fixedBytes, 4 * keys.length);
  const limit = tupleLimit(operator, schema, keys.length, output.ring.capacityBytes, 'dictionary.idOf', isTimed);
  const slackBytes = COLUMN_SLACK_BYTES * columns.length;
  // A frame of several rows takes at most softBytes for fixed, again for variable length, aloneBytes and slackBytes.
  const softBytes = Math.min(
    output.ring.capacityBytes / FRAME_RING_SHARE,
    Math.max(0, limit.variableBytes - slackBytes) / 2,
  );
  const rows = Math.max(1, Math.min(FRAME_ROWS_MAX, Math.floor(softBytes / (fixedBytes + 1))));
  const isWeighed = columns.some(({ weight }) => weight !== '');
  const validation = validationCode(schema, operator);
  const makeRoom = isWeighed
    ? 'if (n === ROWS || (weight + size > SOFT && n > 0)) flush();'
    : 'if (n === ROWS) flush();';

  const body = `
${columns.map((column) => column.declare).join('\n')}
let n = 0, weight = 0, emitted = 0, fullyChecked = ${FULLY_CHECKED_TUPLES};
function emit(tuple) {
${validation.code}
${limit.code}
${makeRoom}
if (n < fullyChecked) checkNames(tuple);
${columns.map((column) => column.room).join('\n')}
${columns.map((column) => column.append).join('\n')}
${isWeighed ? 'weight += size;' : ''}
n++;
}
function flush() {
if (n === 0) return;
if (n >= fullyChecked) fullyChecked = 1;
let words = ${FRAME_HEADER_WORDS} + ${keys.length} * ${half};
${columns.map((column) => column.measure).join('\n')}
let w = output.reserve(words);
const target = output.target;
target.i32[w << 1] = words;
target.i32[(w << 1) + 1] = ${FrameKind.data};
target.i32[(w << 1) + 2] = n;
target.f64[w + 2] = output.told = output.watermark;
${isOrdered ? 'output.writePlace(w);' : ''}
const hashes = w + ${FRAME_HEADER_WORDS};
w = hashes + ${keys.length} * ${half};
${columns.map((column) => column.write).join('\n')}
${keys.map((key, column) => hashColumnCode(schema, key, column)).join('\n')}
emitted += n;
clear();
}
function clear() {
n = 0;
${isWeighed ? 'weight = 0;' : ''}
${columns.map((column) => column.clear).join('\n')}
}
return { emit, flush, discard: clear, emitted: () => emitted + n };`;

  return generate(
    `${operator}/emit`,
    {
      ...validation.constants,
      ...limit.constants,
      ROWS: rows,
      SOFT: softBytes,
      output,
      dictionary,
      clock,
      copy,
      widen,
      writeInline,
      mix32,
      combine32,
      hashDouble,
      hashString,
      hashLatin1,
      hashUtf16,
    },
    body,
  );
}
