// How the cells of a file become the values of a schema's fields, as the options say.
// Promises: the generated code and the conversion at leisure take the same values.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import type { Constants, CsvCodec } from '../../mailbox/columns/codec.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import { isEmptyCode, SLOW, ZERO } from '../../mailbox/columns/csv-cell.ts';
import type { Schema } from '../../mailbox/schema.ts';
import type { CsvText } from './csv-settings.ts';

/** The cell of one field. */
export interface CsvCell {
  readonly name: string;
  readonly label: string;
  readonly csv: CsvCodec;
}

export type Defaults = Readonly<Record<string, unknown>>;

const DOT = '.'.charCodeAt(0);

/** The cells of all fields, in the schema's order. */
export const cellsOf = ({ fields }: Schema, { decimal }: CsvText, defaults: Defaults): CsvCell[] =>
  fields.map(({ name, codec: { label, csv } }) => {
    const cell = csv.isDecimal && decimal !== DOT ? withDecimal(csv, String.fromCharCode(decimal)) : csv;
    return { name, label, csv: Object.hasOwn(defaults, name) ? withDefault(cell, defaults[name], name) : cell };
  });

const withDecimal = (csv: CsvCodec, decimal: string): CsvCodec => ({
  ...csv,
  rule: `${csv.rule} whose decimal sign is '${decimal}'`,
  convert: (text) => (text.includes('.') ? undefined : csv.convert(text.replace(decimal, '.'))),
});

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** An empty cell, quoted or not, is the value. */
const withDefault = (csv: CsvCodec, value: unknown, name: string): CsvCodec => ({
  ...csv,
  convert: (text) => {
    if ((csv.needsText ? text : text.trim()) !== '') return csv.convert(text);
    // Each tuple has a value of its own.
    return isPlain(value) ? value : structuredClone(value);
  },
  fast: isPlain(value)
    ? (variable, dialect, id) => `if (${isEmptyCode(dialect.delimiter)}) {
      ${variable} = defaults.${name};
      next = byte - ${ZERO};
    } else {
      ${csv.needsText ? `if (byte === ${dialect.quote} && bytes[at + 1] === ${dialect.quote}) break fast;` : ''}
      ${csv.fast(variable, dialect, id)}
    }`
    : SLOW,
});

/** @throws MillraceError BAD_OPTION for the default of no field, and for one that its field does not take */
export function checkDefaults(schema: Schema, defaults: Defaults, where: string): void {
  for (const [name, value] of Object.entries(defaults)) {
    const index = schema.indexOf(name);
    if (index < 0) {
      throw errors.badOption('defaults', defaults, `values of the fields ${schema.names.join(', ')}`, where);
    }
    const { codec } = schema.fields[index];
    const constants: Constants = constantsOf(schema.fields, where);
    const isInvalid = generate<(value: unknown) => boolean>(
      'readCsv/default',
      constants,
      `return (v) => ${codec.invalid('v', index)};`,
    );
    if (isInvalid(value)) throw errors.badOption(`defaults.${name}`, value, codec.rule, where);
    const within = codec.misfit?.(value);
    if (within !== undefined) {
      throw errors.badOption(`defaults.${name}${within.path}`, within.value, within.rule, where);
    }
  }
}
