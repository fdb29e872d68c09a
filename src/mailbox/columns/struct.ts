// struct: an object with values of some fields.

import { show } from '../../errors/show.ts';
import { errors } from '../../errors.ts';
import type { AnyField, Codec, FieldKind } from './codec.ts';
import { fieldRemedy } from './field-remedy.ts';
import { type Inner, innerOf, nestedCodec } from './nested.ts';

const WHERE = 't.struct({ name: field, … })';
const FORBIDDEN_NAME = '__proto__';
const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pathOf = (name: string): string => (PLAIN_NAME.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);

type Fields = readonly (readonly [name: string, inner: Inner])[];

/** An object of the same names; `of` is what becomes of the value of one. */
function each(fields: Fields, of: (inner: Inner, name: string) => unknown): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, inner] of fields) made[name] = of(inner, name);
  return made;
}

/** What only the prototype has is not the object's. */
const propertyOf = (value: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined;

const valuesOf = (fields: Fields): Inner => ({
  empty: () => each(fields, ({ empty }) => empty()),
  kept: (value, path) =>
    each(fields, ({ kept }, name) => kept((value as Readonly<Record<string, unknown>>)[name], path + pathOf(name))),
  json: {
    from: (given) => (isObject(given) ? each(fields, ({ json }, name) => json.from(propertyOf(given, name))) : given),
    to: (value) => (isObject(value) ? each(fields, ({ json }, name) => json.to(value[name])) : value),
  },
});

function fieldsOf(
  parameters: readonly unknown[],
  codecOf: (field: AnyField) => Codec,
): readonly (readonly [string, Codec])[] {
  const [given] = parameters;
  if (!isObject(given)) throw errors.badSchema(WHERE, `takes an object of fields, got ${show(given)}`);
  const entries = Object.entries(given as Readonly<Record<string, AnyField | undefined>>);
  if (entries.length === 0) throw errors.badSchema(WHERE, 'has no field: an object needs at least one');
  return entries.map(([name, field]) => {
    if (name === FORBIDDEN_NAME) throw errors.badSchema(WHERE, `'${name}' cannot be a field's name: choose another`);
    if (typeof field !== 'object' || field === null)
      throw errors.badSchema(
        WHERE,
        `field '${name}' is no field such as t.u32(), got ${show(field)}: ${fieldRemedy(field)}`,
      );
    return [name, codecOf(field)] as const;
  });
}

export const struct: FieldKind = {
  isKey: false,
  codecOf(parameters, codecOf) {
    const fields = fieldsOf(parameters, codecOf);
    const shown = fields.map(([name, { label }]) => `${name}: ${label}`).join(', ');
    return nestedCodec({
      label: `struct(${shown})`,
      rule: `an object { ${shown} }`,
      holds: isObject,
      ...valuesOf(fields.map(([name, codec]) => [name, innerOf(codec)])),
    });
  },
};
