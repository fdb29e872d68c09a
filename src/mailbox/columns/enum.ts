// enum: one of the strings that the field is declared with. A column holds its place among them, one byte each for up to 256.

import { errors } from '../../errors.ts';
import type { Codec, FieldKind } from './codec.ts';
import { NO_CODE } from './codec.ts';
import { CSV_TEXT, csvTextCode } from './csv-cell.ts';
import { wordCell } from './number-cell.ts';
import { BYTES, numberColumn, numberReading, UNSIGNED } from './number-column.ts';
import { integerKey } from './number-key.ts';

const LITERALS_MAX = 65_536;
/** Literals that an error lists. */
const LISTED_MAX = 20;

const quoted = (literal: string): string => `'${JSON.stringify(literal).slice(1, -1).replaceAll("'", "\\'")}'`;

function literalsOf(parameters: readonly unknown[]): readonly string[] {
  const bad = (problem: string): Error => errors.badSchema(`t.enum('a', 'b', …)`, problem);
  if (parameters.length === 0 || parameters.length > LITERALS_MAX) {
    throw bad(`takes 1 to ${LITERALS_MAX} strings, got ${parameters.length}`);
  }
  const literals = parameters.map((literal) => {
    if (typeof literal !== 'string') throw bad(`takes strings, got ${String(literal)}: use another type for numbers`);
    return literal;
  });
  const seen = new Set<string>();
  for (const literal of literals) {
    if (seen.has(literal)) throw bad(`names ${quoted(literal)} twice: name each string once`);
    seen.add(literal);
  }
  return literals;
}

function ruleOf(literals: readonly string[]): string {
  const listed = literals.slice(0, LISTED_MAX).map(quoted).join(', ');
  return literals.length > LISTED_MAX ? `one of ${literals.length} strings: ${listed}, …` : `one of ${listed}`;
}

function enumCodec(literals: readonly string[]): Codec {
  const places = new Map(literals.map((literal, place) => [literal, place]));
  const elements = literals.length <= 256 ? BYTES : UNSIGNED;
  const rule = ruleOf(literals);
  const placeOf = (v: string, id: number | string): string => `places${id}.get(${v})`;
  const literalAt = (place: string, id: number | string): string => `literals${id}[${place}]`;
  return {
    label: `enum(${literals.map(quoted).join(', ')})`,
    rule,
    usesDictionary: false,
    constants: (id) => ({ [`literals${id}`]: literals, [`places${id}`]: places }),
    invalid: (v, id) => `!places${id}.has(${v})`,
    zero: (id) => literalAt('0', id),
    prepare: NO_CODE,
    column: (id) => numberColumn(id, elements, placeOf(`v${id}`, id)),
    reading: numberReading(elements, literalAt),
    copied: (id) => `v${id}`,
    cell: wordCell('u32', literalAt, placeOf),
    key: integerKey(elements, { stored: placeOf, hashed: placeOf }),
    csv: {
      rule,
      needsText: true,
      start: `''`,
      convert: (text) => (places.has(text) ? text : undefined),
      fast: (value, dialect, id) => `${csvTextCode(dialect)}
    ${value} = ${CSV_TEXT};
    if (!places${id}.has(${value})) break fast;`,
    },
  };
}

export const enumeration: FieldKind = {
  isKey: true,
  codecOf: (parameters) => enumCodec(literalsOf(parameters)),
};
