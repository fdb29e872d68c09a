// json: any structured value, packed to bytes. What cannot come back as it is, is refused when it is packed.

import { errors } from '../../errors.ts';
import { packJson, unpackJson } from '../json.ts';
import { bytesColumn, bytesReading } from './bytes-column.ts';
import type { Codec, FieldKind, FieldPlace } from './codec.ts';
import { SLOW } from './csv-cell.ts';
import { MisfitError } from './nested.ts';
import { requireStandardSchema, type StandardSchema, validated } from './standard-schema.ts';
import { VALUE_CELLS } from './text-column.ts';

const LABEL = 'json';
const RULE =
  'data: plain objects, arrays, maps, sets, dates, bytes, errors and primitives, without functions, symbols and instances of classes';

/** What checks the values, if something does. */
type Checked = StandardSchema<unknown> | undefined;

/** What the schema gives back for a value. */
function valueFor(schema: StandardSchema<unknown>, given: unknown, operator: string, field: string): unknown {
  const result = validated(schema, given);
  if ('value' in result) return result.value;
  throw errors.badValue(operator, field, given, LABEL, ruleOf(schema, result.problem));
}

const ruleOf = (schema: StandardSchema<unknown>, problem: string): string =>
  `what its ${schema['~standard'].vendor} schema takes (${problem})`;

/** What a schema says against a value; undefined if it takes it. */
function lackOf(schema: StandardSchema<unknown>, value: unknown): string | undefined {
  const result = validated(schema, value);
  return 'value' in result ? undefined : ruleOf(schema, result.problem);
}

/** The value of JSON text; undefined if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Packs the values of one field; errors name it. */
const packer =
  ({ operator, field }: FieldPlace, schema: Checked) =>
  (given: unknown): Uint8Array => {
    const value = schema === undefined ? given : valueFor(schema, given, operator, field);
    try {
      return packJson(value);
    } catch (cause) {
      const rule = `${RULE} (${cause instanceof Error ? cause.message : String(cause)})`;
      throw errors.badValue(operator, field, value, LABEL, rule);
    }
  };

const jsonCodec = (schema: Checked): Codec => ({
  label: LABEL,
  rule: RULE,
  usesDictionary: false,
  constants: (id, place) => ({ [`pack${id}`]: packer(place, schema), unpack: unpackJson }),
  invalid: (v) => `typeof ${v} === 'function' || typeof ${v} === 'symbol' || ${v} === undefined`,
  zero: () => 'null',
  prepare: (id) => `const p${id} = pack${id}(v${id});`,
  column: (id) => bytesColumn(id, `p${id}`),
  reading: bytesReading((packed) => `unpack(${packed})`),
  copied: (id) => `unpack(new Uint8Array(p${id}))`,
  cell: {
    cells: VALUE_CELLS,
    isExternal: true,
    // A row begins without a value: null.
    read: (at) => `(arena.i32[${at}] === 0 ? null : unpack(readBytes(arena, ${at})))`,
    write: (at, v, id) => `writeBytes(allocator, arena, ${at}, pack${id}(${v}));`,
  },
  key: undefined,
  csv: {
    rule: schema === undefined ? 'JSON' : `JSON that its ${schema['~standard'].vendor} schema takes`,
    needsText: false,
    start: '0',
    convert: (text) => {
      const value = parsed(text);
      // What the schema makes of it is made when it is packed, and once only.
      return value === undefined || schema === undefined || lackOf(schema, value) === undefined ? value : undefined;
    },
    ...(schema !== undefined && {
      lacks: (text: string) => {
        const value = parsed(text);
        return value === undefined ? undefined : lackOf(schema, value);
      },
    }),
    fast: SLOW,
  },
  json: { holdsOthers: true, from: (given) => given, to: (value) => value },
  ...(schema !== undefined && {
    lacks: (value: unknown) => lackOf(schema, value),
    kept: (value: unknown, path: string) => {
      const result = validated(schema, value);
      if ('value' in result) return result.value;
      throw new MisfitError({ path, label: LABEL, rule: ruleOf(schema, result.problem), value });
    },
  }),
});

export const json: FieldKind = {
  isKey: false,
  codecOf: ([schema]) => jsonCodec(schema === undefined ? undefined : requireStandardSchema(schema)),
};
