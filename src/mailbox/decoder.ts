// The decoder of a stream: generated functions that open a frame and make the tuple of a row.
// Promises: tuples are plain objects of one hidden class; a text column is decoded when its first value is read.
// Tuples are made by a generated constructor whose prototype is Object.prototype: as object literals they deoptimise for
// ever on Node 24 and 26.
// Relies on: the layout that encoder.ts writes.

import { generate } from './codegen.ts';
import type { DictionaryReader } from './dictionary.ts';
import { unpackJson } from './json.ts';
import { FRAME_HEADER_WORDS } from './ring.ts';
import type { Schema, SchemaField } from './schema.ts';
import type { Views } from './views.ts';

export interface Decoder<Tuple = unknown> {
  /** Makes a frame the current one: its ring's data, the index of its first word, its row count, its ring's dictionary. */
  open(data: Views, frameIndex: number, count: number, dictionary: DictionaryReader | undefined): void;
  /** The tuple of row i; fields named in `external` are taken from the further arguments. */
  tupleAt(i: number, ...external: unknown[]): Tuple;
  /** Of the current frame: the hash of row i in the given hash column. */
  hashAt(i: number): number;
  /** For each numeric field, its raw value in row i; bool as 0 or 1. */
  readonly numberAt: readonly ((i: number) => number)[];
  /** For each string or dictionary field, where the text of row i stands as bytes. */
  readonly textAt: readonly TextColumn[];
}

/** A column of text as bytes. A dictionary's inline string is copied to where `bytes()` shows it. */
export interface TextColumn {
  /** Points at row i; the others then describe its text. */
  seek(i: number): void;
  bytes(): Uint8Array;
  start(): number;
  end(): number;
  /** True if the text is UTF-16. */
  wide(): boolean;
}

const HALF = '((count + 1) >>> 1)';

/** Sets the bases of column i at word `w` and moves `w`. */
function openCode(field: SchemaField, i: number): string {
  switch (field.type) {
    case 'u8':
    case 'bool':
      return `b${i} = w << 3; w += (count + 7) >>> 3;`;
    case 'i32':
    case 'u32':
      return `b${i} = w << 1; w += ${HALF};`;
    case 'f64':
    case 'timestamp':
      return `b${i} = w; w += count;`;
    case 'string':
    case 'bytes':
    case 'json':
      return `b${i} = w << 1; w += ${HALF}; l${i} = i32[w << 1]; wide${i} = i32[(w << 1) + 1]; w += 1;
        s${i} = w << 3; t${i} = null; w += (l${i} + 7) >>> 3;`;
    case 'dictionary':
      return `b${i} = w << 1; w += ${HALF};
        { const inlined = i32[w << 1]; w += 1; t${i} = null;
          if (inlined > 0) { e${i} = w << 1; w += (inlined + 1) >>> 1; l${i} = i32[w << 1]; wide${i} = i32[(w << 1) + 1]; w += 1;
            s${i} = w << 3; w += (l${i} + 7) >>> 3; } }`;
  }
}

const startOf = (i: number, ends = `b${i}`, row = 'i') => `(${row} === 0 ? 0 : u32[${ends} + ${row} - 1])`;

/** The value of field i in row `i`, as an expression. */
function valueCode(field: SchemaField, i: number): string {
  switch (field.type) {
    case 'u8':
      return `u8[b${i} + i]`;
    case 'bool':
      return `u8[b${i} + i] === 1`;
    case 'i32':
      return `i32[b${i} + i]`;
    case 'u32':
      return `u32[b${i} + i]`;
    case 'f64':
    case 'timestamp':
      return `f64[b${i} + i]`;
    case 'string':
      return `text${i}().substring(${startOf(i)}, u32[b${i} + i])`;
    case 'dictionary':
      return `(i32[b${i} + i] < 0 ? inline${i}(-1 - i32[b${i} + i]) : dictionary.get(i32[b${i} + i]))`;
    case 'bytes':
      return `u8.slice(s${i} + ${startOf(i)}, s${i} + u32[b${i} + i])`;
    case 'json':
      return `unpack(u8.slice(s${i} + ${startOf(i)}, s${i} + u32[b${i} + i]))`;
  }
}

/** Functions that a text field needs besides its value. */
function textCode(field: SchemaField, i: number): string {
  const decode = `function text${i}() {
    if (t${i} === null) t${i} = wide${i} === 1 ? text.ucs2Slice(s${i}, s${i} + l${i}) : text.latin1Slice(s${i}, s${i} + l${i});
    return t${i}; }`;
  if (field.type === 'string') {
    return `${decode}
      let q${i} = 0, r${i} = 0;
      const column${i} = {
        seek(i) { const k = wide${i}; q${i} = s${i} + (${startOf(i)} << k); r${i} = s${i} + (u32[b${i} + i] << k); },
        bytes: () => u8, start: () => q${i}, end: () => r${i}, wide: () => wide${i} === 1 };`;
  }
  if (field.type === 'dictionary') {
    return `${decode}
      function inline${i}(k) { return text${i}().substring(${startOf(i, `e${i}`, 'k')}, u32[e${i} + k]); }
      let bytes${i} = u8, q${i} = 0, r${i} = 0, x${i} = 0;
      const column${i} = {
        seek(i) {
          const id = i32[b${i} + i];
          if (id < 0) { const k = -1 - id; bytes${i} = u8; x${i} = wide${i};
            q${i} = s${i} + (${startOf(i, `e${i}`, 'k')} << x${i}); r${i} = s${i} + (u32[e${i} + k] << x${i}); }
          else { dictionary.seek(id); bytes${i} = dictionary.bytes; q${i} = dictionary.start; r${i} = dictionary.end;
            x${i} = dictionary.wide ? 1 : 0; } },
        bytes: () => bytes${i}, start: () => q${i}, end: () => r${i}, wide: () => x${i} === 1 };`;
  }
  return '';
}

const isNumeric = (field: SchemaField): boolean => !['string', 'dictionary', 'bytes', 'json'].includes(field.type);

/**
 * Generates the decoder of one stream for one reader.
 * @param hashColumns how many hash columns the stream's frames have
 * @param hashColumn which of them this reader's key is; ignored if there are none
 * @param external indices of fields whose values the caller of tupleAt passes
 */
export function generateDecoder<Tuple>(
  name: string,
  schema: Schema,
  hashColumns: number,
  hashColumn: number,
  external: readonly number[] = [],
): Decoder<Tuple> {
  const { fields } = schema;
  const parameters = fields.map((_, i) => `a${i}`).join(', ');
  const externals = external.map((i) => `, x${i}`).join('');
  const values = fields.map((field, i) => (external.includes(i) ? `x${i}` : valueCode(field, i)));
  const body = `
let u8, i32, u32, f64, text, dictionary, hashes = 0;
let ${fields.map((_, i) => `b${i} = 0, e${i} = 0, s${i} = 0, l${i} = 0, wide${i} = 0, t${i} = null`).join(', ')};
function Tuple(${parameters}) { ${fields.map((field, i) => `this.${field.name} = a${i};`).join(' ')} }
Tuple.prototype = Object.prototype;
${fields.map(textCode).join('\n')}
function open(data, frameIndex, count, frameDictionary) {
u8 = data.u8; i32 = data.i32; u32 = data.u32; f64 = data.f64; text = data.text; dictionary = frameDictionary;
let w = frameIndex + ${FRAME_HEADER_WORDS};
hashes = (w + ${hashColumn} * ${HALF}) << 1;
w += ${hashColumns} * ${HALF};
${fields.map(openCode).join('\n')}
}
return {
open,
tupleAt(i${externals}) { return new Tuple(${values.join(', ')}); },
hashAt(i) { return i32[hashes + i]; },
numberAt: [${fields.map((field, i) => (isNumeric(field) ? `(i) => ${valueCode({ ...field, type: field.type === 'bool' ? 'u8' : field.type }, i)}` : 'undefined')).join(', ')}],
textAt: [${fields.map((field, i) => (field.type === 'string' || field.type === 'dictionary' ? `column${i}` : 'undefined')).join(', ')}],
};`;
  return generate(`${name}/tuples`, { unpack: unpackJson }, body);
}
