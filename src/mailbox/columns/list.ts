// list: an array of values of one field.

import { show } from '../../errors/show.ts';
import { errors } from '../../errors.ts';
import type { AnyField, FieldKind } from './codec.ts';
import { fieldRemedy } from './field-remedy.ts';
import { type Inner, innerOf, nestedCodec } from './nested.ts';

/** A loop, and not map(), which passes over holes. */
function each(values: readonly unknown[], of: (value: unknown, i: number) => unknown): unknown[] {
  const made: unknown[] = [];
  for (let i = 0; i < values.length; i++) made.push(of(values[i], i));
  return made;
}

const eachOf =
  (of: (value: unknown) => unknown) =>
  (given: unknown): unknown =>
    Array.isArray(given) ? each(given, of) : given;

const valuesOf = ({ kept, json: { from, to } }: Inner): Inner => ({
  empty: () => [],
  kept: (value, path) => each(value as readonly unknown[], (one, i) => kept(one, `${path}[${i}]`)),
  json: { from: eachOf(from), to: eachOf(to) },
});

export const list: FieldKind = {
  isKey: false,
  codecOf(parameters, codecOf) {
    const [field] = parameters as readonly (AnyField | undefined)[];
    if (typeof field !== 'object' || field === null) {
      throw errors.badSchema('t.list(of)', `takes a field such as t.u32(), got ${show(field)}: ${fieldRemedy(field)}`);
    }
    const codec = codecOf(field);
    return nestedCodec({
      label: `list(${codec.label})`,
      rule: `an array of values of ${codec.label}`,
      holds: Array.isArray,
      ...valuesOf(innerOf(codec)),
    });
  },
};
