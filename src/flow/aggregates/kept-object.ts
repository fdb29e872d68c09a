// The objects that the functions of a custom aggregate get: what is kept of a key, by its fields.
// Promises: a field that the aggregate's `state` does not have is refused by name, read or written, whatever the strictness of the
// code that uses it; a field that it has costs what one of any object does.
// Relies on: a property that an object does not have is looked for in its prototypes, and the last of these here is a Proxy.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { nearest } from '../../options/nearest.ts';

/** What others look for in any object: JSON.stringify, and await. */
const LOOKED_FOR = new Set(['toJSON', 'then']);

function guardOf(operator: string, aggregate: string, names: readonly string[]): object {
  const refuse = (name: string): never => {
    throw errors.aggregateField(operator, aggregate, name, names, nearest(name, names));
  };
  return new Proxy(Object.create(Object.prototype) as object, {
    get(target, name) {
      if (typeof name === 'symbol' || name in target || LOOKED_FOR.has(name)) return Reflect.get(target, name);
      return refuse(name);
    },
    set: (_target, name) => refuse(String(name)),
  });
}

/** Makes objects of the values of some fields, in their order. */
export function keptObjects(
  operator: string,
  aggregate: string,
  names: readonly string[],
): (...values: unknown[]) => Record<string, unknown> {
  function Guarded(): void {}
  Guarded.prototype = guardOf(operator, aggregate, names);
  const given = names.map((_, i) => `given${i}`);
  const values = names.map((_, i) => `value${i}`);
  // Fields of a class are defined on the object itself. Stores, and a literal with a prototype, would ask the Proxy for each object.
  const fields = names.map((name, i) => `[${JSON.stringify(name)}] = value${i};`);
  return generate(
    `${operator}/${aggregate}/kept`,
    { Guarded },
    `${values.length > 0 ? `let ${values.join(', ')};` : ''}
class Kept extends Guarded { ${fields.join(' ')} }
return (${given.join(', ')}) => { ${values.map((value, i) => `${value} = ${given[i]};`).join(' ')} return Object.seal(new Kept()); };`,
  );
}
