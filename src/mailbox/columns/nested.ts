// Values that hold values of other fields: what list and struct have in common. They travel as json does, packed to bytes.
// Promises: what is packed fits its fields at every depth, and an error names the place: items[3].price. JSON text is read and written
// by the same rules as the fields of a tuple: an i64 is a string of digits, a date ISO 8601.

import { errors } from '../../errors.ts';
import { generate } from '../codegen.ts';
import { packJson, unpackJson } from '../json.ts';
import { bytesColumn, bytesReading } from './bytes-column.ts';
import type { Codec, FieldPlace, Misfit, NestedValue } from './codec.ts';
import { SLOW } from './csv-cell.ts';
import { fromJsonOf, toJsonOf } from './json-form.ts';
import { VALUE_CELLS } from './text-column.ts';

/** What holds of the values within another one. */
export interface Inner extends NestedValue {
  /** The value that a row begins with: a new one for each call. */
  empty(): unknown;
}

/** A value that its field does not take, on its way to whoever knows the name of the outer field. */
export class MisfitError extends Error {
  readonly misfit: Misfit;

  constructor(misfit: Misfit) {
    super(misfit.rule);
    this.misfit = misfit;
  }
}

/** Of whose values -0 is 0, as in a field of a tuple. */
const INTEGER = /^(?:optional\()?[ui](?:8|16|32)\b/;

const PLACE: FieldPlace = { operator: 'nested', field: 'value' };

/** The values of a field within another one. */
export function innerOf(codec: Codec): Inner {
  const { label, rule, lacks, nested, plain } = codec;
  const isInteger = INTEGER.test(label);
  const [isInvalid, zero] = generate<[(value: unknown) => boolean, () => unknown]>(
    'nested/value',
    codec.constants(0, PLACE),
    `return [(v) => ${codec.invalid('v', 0)}, () => ${codec.zero(0)}];`,
  );
  return {
    // Zeros of fields are shared.
    empty: () => structuredClone(zero()),
    kept(value, path) {
      if (isInvalid(value)) throw new MisfitError({ path, label, rule, value });
      if (nested !== undefined) return nested.kept(value, path);
      const lacking = lacks?.(value);
      if (lacking !== undefined) throw new MisfitError({ path, label, rule: lacking, value });
      if (plain !== undefined) return plain(value);
      return isInteger && value === 0 ? 0 : value;
    },
    fromJson: fromJsonOf(codec),
    toJson: toJsonOf(codec),
  };
}

/** What a type of such values is made of. */
export interface NestedType extends Inner {
  readonly label: string;
  /** What the outermost value is, for errors. */
  readonly rule: string;
  /** True of a value that may hold the others, whatever they are. */
  holds(value: unknown): boolean;
}

function misfitOf({ kept }: NestedType, value: unknown): Misfit | undefined {
  try {
    kept(value, '');
    return undefined;
  } catch (error) {
    if (error instanceof MisfitError) return error.misfit;
    throw error;
  }
}

/** Packs the values of one field; errors name it. */
const packer =
  (type: NestedType, { operator, field }: FieldPlace) =>
  (given: unknown): Uint8Array => {
    const value = keptOrThrown(type, given, operator, field);
    try {
      return packJson(value);
    } catch (cause) {
      const rule = `${type.rule}, which are data (${cause instanceof Error ? cause.message : String(cause)})`;
      throw errors.badValue(operator, field, given, type.label, rule);
    }
  };

function keptOrThrown({ kept }: NestedType, given: unknown, operator: string, field: string): unknown {
  try {
    return kept(given, '');
  } catch (cause) {
    if (!(cause instanceof MisfitError)) throw cause;
    const { path, label, rule, value } = cause.misfit;
    throw errors.badValue(operator, field, value, label, rule, path);
  }
}

/** The value of JSON text; undefined if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function nestedCodec(type: NestedType): Codec {
  const { label, rule, holds, empty, kept, fromJson, toJson } = type;
  const misfit = (value: unknown): Misfit | undefined => (holds(value) ? misfitOf(type, value) : undefined);
  return {
    label,
    rule,
    usesDictionary: false,
    constants: (id, place) => ({
      [`pack${id}`]: packer(type, place),
      [`holds${id}`]: holds,
      [`empty${id}`]: empty,
      unpack: unpackJson,
    }),
    invalid: (v, id) => `!holds${id}(${v})`,
    zero: (id) => `empty${id}()`,
    prepare: (id) => `const p${id} = pack${id}(v${id});`,
    column: (id) => bytesColumn(id, `p${id}`),
    reading: bytesReading((packed) => `unpack(${packed})`),
    copied: (id) => `unpack(new Uint8Array(p${id}))`,
    cell: {
      cells: VALUE_CELLS,
      isExternal: true,
      read: (at, id) => `(arena.i32[${at}] === 0 ? empty${id}() : unpack(readBytes(arena, ${at})))`,
      write: (at, v, id) => `writeBytes(allocator, arena, ${at}, pack${id}(${v}));`,
    },
    key: undefined,
    csv: {
      rule: `${rule}, as JSON`,
      needsText: false,
      start: '0',
      convert(text) {
        const value = fromJson(parsed(text));
        return holds(value) && misfitOf(type, value) === undefined ? value : undefined;
      },
      misfit: (text) => misfit(fromJson(parsed(text))),
      fast: SLOW,
    },
    misfit,
    nested: { kept, fromJson, toJson },
  };
}

/** What is packed of a value that is not `invalid`, where it travels beside others: with mail, or in an actor's state. */
export function packedValue({ misfit, nested }: Codec, value: unknown, refuse: (misfit: Misfit) => never): unknown {
  const found = misfit?.(value);
  if (found !== undefined) refuse(found);
  return misfit === undefined || nested === undefined ? value : nested.kept(value, '');
}
