// The decoder of a stream: generated functions that open a frame and make the tuple of a row.
// Promises: tuples are plain objects of one hidden class; a text column is decoded when its first value is read.
// Tuples are made by a generated constructor whose prototype is Object.prototype: as object literals they deoptimise for
// ever on Node 24 and 26.
// Relies on: the layout that encoder.ts writes.

import { generate } from './codegen.ts';
import { constantsOf } from './columns/codec.ts';
import { timeReading } from './columns/time-column.ts';
import type { DictionaryReader } from './dictionary.ts';
import { FRAME_HEADER_WORDS } from './ring.ts';
import type { Schema } from './schema.ts';
import type { Views } from './views.ts';

export interface Decoder<Tuple = unknown> {
  /** Makes a frame the current one: its ring's data, the index of its first word, its row count, its ring's dictionary. */
  open(data: Views, frameIndex: number, count: number, dictionary: DictionaryReader | undefined): void;
  /** The tuples of all rows. Not if there are `external` fields. */
  tuples(): Tuple[];
  /** The tuple of row i; fields named in `external` are taken from the further arguments. */
  tupleAt(i: number, ...external: unknown[]): Tuple;
  /**
   * The same without making it: an object whose properties read row i when they are asked for. There is one, so the next call moves it.
   * Not if there are `external` fields.
   */
  viewAt(i: number): Tuple;
  /** Of the current frame: the hash of row i in the given hash column. */
  hashAt(i: number): number;
  /** Of the current frame: the event time of row i. Only of a stream that has event time. */
  timeAt(i: number): number;
  /** For each field that can be a key, what its codec reads keys with: see KeyCodec.reader. */
  readonly keyAt: readonly unknown[];
}

/** A column of text as bytes: what text keys are read with. A dictionary's inline string is copied to where `bytes()` shows it. */
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

/**
 * Generates the decoder of one stream for one reader.
 * @param hashColumns how many hash columns the stream's frames have
 * @param hashColumn which of them this reader's key is; ignored if there are none
 * @param external indices of fields whose values the caller of tupleAt passes
 * @param isTimed true if the stream has event time
 */
export function generateDecoder<Tuple>(
  name: string,
  schema: Schema,
  hashColumns: number,
  hashColumn: number,
  external: readonly number[] = [],
  isTimed = false,
): Decoder<Tuple> {
  const { fields } = schema;
  const parameters = fields.map((_, i) => `a${i}`).join(', ');
  const externals = external.map((i) => `, x${i}`).join('');
  const time = fields.length;
  const values = fields.map((field, i) => (external.includes(i) ? `x${i}` : field.codec.reading.value(i)));
  const body = `
let u8, i32, u32, f64, text, dictionary, hashes = 0, rows = 0;
let ${[...fields.map(({ codec }, i) => codec.reading.variables(i)), ...(isTimed ? [timeReading.variables(time)] : [])].join(', ')};
function Tuple(${parameters}) { ${fields.map((field, i) => `this.${field.name} = a${i};`).join(' ')} }
Tuple.prototype = Object.prototype;
${fields.map(({ codec }, i) => codec.reading.functions(i)).join('\n')}
let viewed = 0;
${
  external.length > 0
    ? ''
    : `class View {
${fields.map((field, i) => `get ${field.name}() { const i = viewed; return ${values[i]}; }`).join('\n')}
}
const view = new View();
function viewAt(i) { viewed = i; return view; }`
}
function open(data, frameIndex, count, frameDictionary) {
u8 = data.u8; i32 = data.i32; u32 = data.u32; f64 = data.f64; text = data.text; dictionary = frameDictionary;
rows = count;
let w = frameIndex + ${FRAME_HEADER_WORDS};
hashes = (w + ${hashColumn} * ${HALF}) << 1;
w += ${hashColumns} * ${HALF};
${fields.map(({ codec }, i) => codec.reading.open(i)).join('\n')}
${isTimed ? timeReading.open(time) : ''}
}
return {
open,${
    external.length > 0
      ? ''
      : `
tuples() {
const tuples = new Array(rows);
for (let i = 0; i < rows; i++) tuples[i] = new Tuple(${values.join(', ')});
return tuples;
},
viewAt,`
  }
tupleAt(i${externals}) { return new Tuple(${values.join(', ')}); },
hashAt(i) { return i32[hashes + i]; },
timeAt(i) { return ${isTimed ? timeReading.value(time) : 'NaN'}; },
keyAt: [${fields.map(({ codec }, i) => codec.key?.reader(i) ?? 'undefined').join(', ')}],
};`;
  return generate(`${name}/tuples`, constantsOf(fields, name), body);
}
