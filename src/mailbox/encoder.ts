// The encoder of a stream: a generated `emit` that validates a tuple and appends it to local columns, and a generated
// `flush` that copies the columns into one frame of the output.
// Promises: every field is validated and converted before the row count is raised, so a caller's catch cannot keep half
// a tuple; `emit` never waits; frames are bounded in rows and bytes.
// Relies on: docs/mailboxes.md for the frame's layout; the decoder reads what stands here.

import { errors } from '../errors.ts';
import { generate } from './codegen.ts';
import { refuseDeferred } from './deferred.ts';
import { type DictionaryWriter, isWide } from './dictionary.ts';
import { combine32, hashDouble, hashLatin1, hashString, hashUtf16, mix32 } from './hash.ts';
import { packJson } from './json.ts';
import type { Output } from './output.ts';
import { FRAME_HEADER_WORDS, FrameKind } from './ring.ts';
import { type FieldType, type Schema, type SchemaField, TYPE_RULES } from './schema.ts';

/** Rows of one frame: more did not pay, 16384 hurt (docs/mailboxes.md). */
const FRAME_ROWS_MAX = 4096;
/** A frame is flushed when it fills this share of its ring, so that several fit. */
const FRAME_RING_SHARE = 8;
/** Tuples whose fields are all compared with the schema at first; later it is the first one of each frame. */
const FULLY_CHECKED_TUPLES = 64;

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

/** The condition under which variable `v` is no value of the type. `typeof` first: operators throw on bigints and symbols. */
const INVALID: Readonly<Record<FieldType, (v: string) => string>> = {
  u8: (v) => `typeof ${v} !== 'number' || (${v} & 255) !== ${v}`,
  i32: (v) => `typeof ${v} !== 'number' || (${v} | 0) !== ${v}`,
  u32: (v) => `typeof ${v} !== 'number' || (${v} >>> 0) !== ${v}`,
  f64: (v) => `typeof ${v} !== 'number'`,
  bool: (v) => `${v} !== true && ${v} !== false`,
  timestamp: (v) => `typeof ${v} !== 'number' || ${v} - ${v} !== 0`,
  string: (v) => `typeof ${v} !== 'string'`,
  dictionary: (v) => `typeof ${v} !== 'string'`,
  bytes: (v) => `!(${v} instanceof Uint8Array)`,
  json: (v) => `typeof ${v} === 'function' || typeof ${v} === 'symbol' || ${v} === undefined`,
};

/** The condition, as source text, under which variable `v` is no value of a type. */
export const invalidValueCode = (type: FieldType, v: string): string => INVALID[type](v);

/** Code that validates `tuple` against a schema. */
export function validationCode(schema: Schema, operator: string): Validation {
  const lines = [`if (typeof tuple !== 'object' || tuple === null) notATuple(tuple);`];
  schema.fields.forEach((field, i) => {
    lines.push(`const v${i} = tuple.${field.name};`);
    lines.push(`if (${invalidValueCode(field.type, `v${i}`)}) badValue(${i}, v${i}, tuple);`);
  });
  return {
    code: lines.join('\n'),
    constants: {
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
  return errors.badValue(operator, field.name, value, field.type, TYPE_RULES[field.type]);
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

interface Column {
  /** Declares the local column. */
  declare: string;
  /** An upper bound of the value's bytes in variable length, beyond `fixedBytes`; '' if none. */
  weight: string;
  /** The exact bytes of the same, in whole words, when the value is alone in its frame. */
  exact: string;
  /** Makes room in the local column for v: all that can fail beyond validation. */
  room: string;
  /** Appends v to the local column at row n. */
  append: string;
  /** Clears at flush and discard. */
  clear: string;
  /** Adds to `words` what the column takes; may define constants. */
  measure: string;
  /** Writes the column at word `w` and moves `w`. */
  write: string;
  fixedBytes: number;
  /** Bytes that the column of a frame with one row takes, without what `exact` counts. */
  aloneBytes: number;
}

const half = '((n + 1) >>> 1)';
const textBytes = (v: string): string => `(isWide(${v}) ? 2 * ${v}.length : ${v}.length)`;
const wholeWords = (bytes: string): string => `((${bytes} + 7) & -8)`;
/** By how much `exact` can exceed `weight`, and by how much the end of a column can exceed both. */
const COLUMN_SLACK_BYTES = 24;

function numberColumn(i: number, array: string, view: string, bytes: 1 | 4 | 8, value: string): Column {
  const words = bytes === 8 ? 'n' : bytes === 4 ? half : '((n + 7) >>> 3)';
  const index = bytes === 8 ? 'w' : bytes === 4 ? 'w << 1' : 'w << 3';
  return {
    declare: `const c${i} = new ${array}(ROWS);`,
    weight: '',
    exact: '',
    room: '',
    append: `c${i}[n] = ${value};`,
    clear: '',
    measure: `words += ${words};`,
    write: `copy(target.${view}, ${index}, c${i}, n); w += ${words};`,
    fixedBytes: bytes,
    aloneBytes: 8,
  };
}

function stringColumn(i: number): Column {
  return {
    declare: `let x${i} = ''; const c${i} = new Uint32Array(ROWS);`,
    weight: `2 * v${i}.length`,
    exact: wholeWords(textBytes(`v${i}`)),
    room: '',
    append: `x${i} += v${i}; c${i}[n] = x${i}.length;`,
    clear: `x${i} = '';`,
    measure: `const wide${i} = isWide(x${i}); const bytes${i} = wide${i} ? x${i}.length * 2 : x${i}.length;
      words += ${half} + 1 + ((bytes${i} + 7) >>> 3);`,
    write: `copy(target.u32, w << 1, c${i}, n); w += ${half};
      target.i32[w << 1] = bytes${i}; target.i32[(w << 1) + 1] = wide${i} ? 1 : 0; w += 1;
      const start${i} = w << 3;
      if (wide${i}) target.text.ucs2Write(x${i}, start${i}, bytes${i}); else target.text.latin1Write(x${i}, start${i}, bytes${i});
      w += (bytes${i} + 7) >>> 3;`,
    fixedBytes: 4,
    aloneBytes: 16,
  };
}

function bytesColumn(i: number, value: string): Column {
  return {
    declare: `let s${i} = new Uint8Array(1024); let l${i} = 0; const c${i} = new Uint32Array(ROWS);`,
    weight: `${value}.length`,
    exact: wholeWords(`${value}.length`),
    room: `if (l${i} + ${value}.length > s${i}.length) s${i} = widen(s${i}, l${i} + ${value}.length);`,
    append: `s${i}.set(${value}, l${i}); l${i} += ${value}.length; c${i}[n] = l${i};`,
    clear: `l${i} = 0;`,
    measure: `words += ${half} + 1 + ((l${i} + 7) >>> 3);`,
    write: `copy(target.u32, w << 1, c${i}, n); w += ${half};
      target.i32[w << 1] = l${i}; target.i32[(w << 1) + 1] = 0; w += 1;
      copy(target.u8, w << 3, s${i}, l${i}); w += (l${i} + 7) >>> 3;`,
    fixedBytes: 4,
    aloneBytes: 16,
  };
}

/** Ids; a negative id -1 - k is the k-th string of the inline column behind, used once the dictionary is full. */
function dictionaryColumn(i: number): Column {
  return {
    declare: `const c${i} = new Int32Array(ROWS); let inline${i} = []; let chars${i} = 0;`,
    weight: `(d${i} < 0 ? 2 * v${i}.length + 4 : 0)`,
    exact: `(d${i} < 0 ? 16 + ${wholeWords(textBytes(`v${i}`))} : 0)`,
    room: '',
    append: `if (d${i} < 0) { c${i}[n] = -1 - inline${i}.length; inline${i}.push(v${i}); chars${i} += v${i}.length; }
      else c${i}[n] = d${i};`,
    clear: `if (inline${i}.length > 0) { inline${i} = []; chars${i} = 0; }`,
    measure: `words += ${half} + 1; let wide${i} = false; let bytes${i} = 0; let text${i} = '';
      if (inline${i}.length > 0) { text${i} = inline${i}.join(''); wide${i} = isWide(text${i});
        bytes${i} = wide${i} ? chars${i} * 2 : chars${i};
        words += ((inline${i}.length + 1) >>> 1) + 1 + ((bytes${i} + 7) >>> 3); }`,
    write: `copy(target.i32, w << 1, c${i}, n); w += ${half};
      target.i32[w << 1] = inline${i}.length; target.i32[(w << 1) + 1] = 0; w += 1;
      if (inline${i}.length > 0) w = writeInline(target, w, inline${i}, text${i}, bytes${i}, wide${i});`,
    fixedBytes: 4,
    aloneBytes: 16,
  };
}

function columnOf(field: SchemaField, i: number): Column {
  switch (field.type) {
    case 'u8':
      return numberColumn(i, 'Uint8Array', 'u8', 1, `v${i}`);
    case 'bool':
      return numberColumn(i, 'Uint8Array', 'u8', 1, `v${i} ? 1 : 0`);
    case 'i32':
      return numberColumn(i, 'Int32Array', 'i32', 4, `v${i}`);
    case 'u32':
      return numberColumn(i, 'Uint32Array', 'u32', 4, `v${i}`);
    case 'f64':
    case 'timestamp':
      return numberColumn(i, 'Float64Array', 'f64', 8, `v${i}`);
    case 'string':
      return stringColumn(i);
    case 'dictionary':
      return dictionaryColumn(i);
    case 'bytes':
      return bytesColumn(i, `v${i}`);
    case 'json':
      return bytesColumn(i, `p${i}`);
  }
}

/** The hash of row r of field i, as an expression. */
function hashCode(field: SchemaField, i: number): string {
  switch (field.type) {
    case 'f64':
    case 'timestamp':
      return `hashDouble(c${i}[r])`;
    case 'string':
      return `(wide${i} ? hashUtf16(target.u8, start${i} + 2 * (r === 0 ? 0 : c${i}[r - 1]), start${i} + 2 * c${i}[r])
        : hashLatin1(target.u8, start${i} + (r === 0 ? 0 : c${i}[r - 1]), start${i} + c${i}[r]))`;
    case 'dictionary':
      return `(c${i}[r] < 0 ? hashString(inline${i}[-1 - c${i}[r]]) : dictionary.hashes[c${i}[r]])`;
    default:
      return `mix32(c${i}[r])`;
  }
}

function hashColumnCode(schema: Schema, key: readonly number[], column: number): string {
  const parts = key.map((i) => hashCode(schema.fields[i], i));
  const hash = parts.slice(1).reduce((first, second) => `combine32(${first}, ${second})`, parts[0]);
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

/** A packer of json fields, whose errors name the field. */
export function jsonPacker(operator: string, names: readonly string[]): (index: number, value: unknown) => Uint8Array {
  return (index, value) => {
    try {
      return packJson(value);
    } catch (cause) {
      const rule = `${TYPE_RULES.json} (${cause instanceof Error ? cause.message : String(cause)})`;
      throw errors.badValue(operator, names[index], value, 'json', rule);
    }
  };
}

/** What one tuple of a stream may take at most, and the code that checks it. */
export interface TupleLimit {
  /** Bytes of a frame of one row without its values of variable length. */
  readonly aloneBytes: number;
  /** Bytes that these values may take. */
  readonly variableBytes: number;
  /**
   * Statements that pack json fields into p0, p1, …, look up the ids of dictionary fields, d0, d1, …, and throw if v0, v1, … are
   * too large together. They define `size`, a bound of the bytes of variable length, if there are fields of such.
   */
  readonly code: string;
  readonly constants: Readonly<Record<string, unknown>>;
}

/**
 * The limit of a stream's tuples: half of its ring, or padding could make one fit never.
 * @param idOf the code of a function that gives the id of a dictionary field's string, or -1 if it travels inline
 * @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits
 */
export function tupleLimit(
  operator: string,
  schema: Schema,
  hashColumns: number,
  ringBytes: number,
  idOf: string,
): TupleLimit {
  const columns = schema.fields.map(columnOf);
  const aloneBytes = columns.reduce((sum, column) => sum + column.aloneBytes, 8 * (FRAME_HEADER_WORDS + hashColumns));
  const variableBytes = ringBytes / 2 - aloneBytes;
  if (variableBytes < 0) throw errors.tupleTooLarge(operator, aloneBytes, ringBytes);
  const prepare = schema.fields.flatMap(({ type }, i) => {
    if (type === 'dictionary') return [`const d${i} = ${idOf}(v${i});`];
    return type === 'json' ? [`const p${i} = pack(${i}, v${i});`] : [];
  });
  const weights = columns.map(({ weight }) => weight).filter((weight) => weight !== '');
  const exact = columns.map((column) => column.exact).filter((each) => each !== '');
  const check = `const size = ${weights.join(' + ')};
if (size > CHECKED) checkSize(${exact.join(' + ')});`;
  return {
    aloneBytes,
    variableBytes,
    code: [...prepare, ...(weights.length === 0 ? [] : [check])].join('\n'),
    constants: {
      pack: jsonPacker(operator, schema.names),
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
 * @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits half the ring
 */
export function generateEncoder<Tuple>(
  operator: string,
  schema: Schema,
  keys: readonly (readonly number[])[],
  output: Output,
  dictionary: DictionaryWriter | undefined,
): Encoder<Tuple> {
  const columns = schema.fields.map(columnOf);
  const fixedBytes = columns.reduce((sum, column) => sum + column.fixedBytes, 4 * keys.length);
  const limit = tupleLimit(operator, schema, keys.length, output.ring.capacityBytes, 'dictionary.idOf');
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
target.f64[w + 2] = -Infinity;
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
