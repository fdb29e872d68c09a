// The state of an actor as its handlers see it: an object with a property for each field, over the actor's row.
// Promises: `rollback` undoes what the message has changed, and nothing else; values of fields without a column of their own may be
// changed in place, since they are packed again when the message ends; use after the handler is a clear error.
// Relies on: the row is saved by its transaction before a handler runs, and stays where it is while it does.

import { errors } from '../errors.ts';
import { generate } from '../mailbox/codegen.ts';
import type { Misfit } from '../mailbox/columns/codec.ts';
import { packedValue } from '../mailbox/columns/nested.ts';
import { packJson, unpackJson } from '../mailbox/json.ts';
import type { Shape } from '../mailbox/schema.ts';
import { fromColumn, slotConstants, slotsOf, toColumn } from './slots.ts';

/** The columns of a row that states share. */
export interface StateColumns {
  n0: number;
  n1: number;
  n2: number;
  n3: number;
  text: string;
  rest: Uint8Array | null;
}

const NUMBERS = ['n0', 'n1', 'n2', 'n3'] as const;

/** A state object, and what the library does with it. Its own names are no identifiers: no field can have them. */
export interface ActorState {
  /** Points it at the columns of an actor. */
  '@open'(columns: StateColumns): void;
  /** Writes what is packed. Throws if a value does not fit its field. */
  '@finish'(): void;
  /** Takes back what has changed. */
  '@rollback'(): void;
  /** From now on any use is an error. */
  '@close'(): void;
}

/** A copy of an actor's columns: what an async handler works on. */
export const copyOf = ({ n0, n1, n2, n3, text, rest }: StateColumns): StateColumns => ({
  n0,
  n1,
  n2,
  n3,
  text,
  rest: rest === null ? null : rest.slice(),
});

export function writeColumns(from: StateColumns, to: StateColumns): void {
  for (const column of NUMBERS) if (!Object.is(to[column], from[column])) to[column] = from[column];
  if (to.text !== from.text) to.text = from.text;
  if (!areSame(to.rest, from.rest)) to.rest = from.rest;
}

export const EMPTY_STATE: StateColumns = { n0: 0, n1: 0, n2: 0, n3: 0, text: '', rest: null };

const areSame = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === b || (a !== null && b !== null && Buffer.compare(a, b) === 0);

/** Generates the class of the state objects of an actor. */
export function stateClass(actor: string, shape: Shape): new () => ActorState {
  const slots = slotsOf(shape, `the state of actor '${actor}'`, NUMBERS, ['text']);
  const { fields, columns, packed } = slots;
  const hasPacked = packed.length > 0;
  const accessors = fields.map(({ name, codec }, i) => {
    const column = columns[i];
    const check = `if (${codec.invalid('v', i)}) bad(${i}, v);`;
    if (column === undefined) {
      const at = packed.indexOf(i);
      return `get ${name}() { return this['@values']()[${at}]; }
set ${name}(v) { ${check} this['@values']()[${at}] = v; }`;
    }
    return `get ${name}() { return ${fromColumn(slots, i, `this['@columns'].${column}`)}; }
set ${name}(v) { ${check} const columns = this['@columns'];
if ((this['@changed'] & ${1 << i}) === 0) { this['@changed'] |= ${1 << i}; this['@old${i}'] = columns.${column}; }
columns.${column} = ${toColumn(slots, i, 'v')}; }`;
  });
  const ofColumns = columns.flatMap((column, i) => (column === undefined ? [] : [{ column, i }]));
  const restore = ofColumns.map(
    ({ column, i }) => `if ((changed & ${1 << i}) !== 0) columns.${column} = this['@old${i}'];`,
  );
  const body = `return class State {
constructor() {
this['@columns'] = closed; this['@changed'] = 0; this['@unpacked'] = undefined;
${ofColumns.map(({ column, i }) => `this['@old${i}'] = ${column === 'text' ? "''" : '0'};`).join(' ')}
// A field that was not declared would not be kept.
Object.preventExtensions(this);
}
['@open'](columns) { this['@columns'] = columns; this['@changed'] = 0; ${hasPacked ? `this['@unpacked'] = undefined;` : ''} }
['@finish']() { ${hasPacked ? `if (this['@unpacked'] !== undefined) pack(this['@columns'], this['@unpacked']);` : ''} }
['@rollback']() {
const columns = this['@columns'], changed = this['@changed'];
${restore.join('\n')}
this['@changed'] = 0; this['@unpacked'] = undefined;
}
['@close']() { this['@columns'] = closed; this['@unpacked'] = undefined; }
${hasPacked ? `['@values']() { return this['@unpacked'] ??= unpack(this['@columns'].rest); }` : ''}
${accessors.join('\n')}
};`;
  const stale = {
    get: () => {
      throw errors.staleState(actor);
    },
    set: () => {
      throw errors.staleState(actor);
    },
  };
  const bad = (i: number, value: unknown): never => {
    const { name, codec } = fields[i];
    throw errors.badMessage(actor, 'state', name, value, codec.label, codec.rule);
  };
  const misfitIn =
    (i: number) =>
    ({ path, value, label, rule }: Misfit): never => {
      throw errors.badMessage(actor, 'state', `${fields[i].name}${path}`, value, label, rule);
    };
  const checks = generate<((v: unknown) => boolean)[]>(
    `${actor}/checks`,
    slotConstants(slots, actor),
    `return [${packed.map((i) => `(v) => ${fields[i].codec.invalid('v', i)}`).join(', ')}];`,
  );
  const zeros = (): unknown[] =>
    generate<unknown[]>(
      `${actor}/zeros`,
      slotConstants(slots, actor),
      `return [${packed.map((i) => fields[i].codec.zero(i)).join(', ')}];`,
    );
  return generate(
    `${actor}/state`,
    {
      ...slotConstants(slots, actor),
      bad,
      closed: Object.defineProperties(
        {},
        Object.fromEntries([...NUMBERS, 'text', 'rest'].map((name) => [name, stale])),
      ),
      unpack: (rest: Uint8Array | null) => (rest === null ? zeros() : unpackJson(rest)),
      pack: (to: StateColumns, values: unknown[]) => {
        values.forEach((value, at) => {
          if (checks[at](value)) bad(packed[at], value);
        });
        const kept = values.map((value, at) => packedValue(fields[packed[at]].codec, value, misfitIn(packed[at])));
        const bytes = packJson(kept);
        if (!areSame(to.rest, bytes)) to.rest = bytes;
      },
    },
    body,
  );
}
