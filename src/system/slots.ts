// How the fields of a message, of its reply, of arguments and of state share the few columns that there are for all actors.
// Promises: numbers come first into n0 to n3, the first text into `text`, and what is left into `rest`, packed; a value is checked
// by the codec of its field before anything of the message is written; what is read is what a ring's reader would get.
// Relies on: generate() for one writer and one reader a message, without a loop over fields.

import { type ErrorRecord, errors, toRecord } from '../errors.ts';
import { generate } from '../mailbox/codegen.ts';
import { constantsOf } from '../mailbox/columns/codec.ts';
import { packedValue } from '../mailbox/columns/nested.ts';
import { packJson, unpackJson } from '../mailbox/json.ts';
import { Schema, type SchemaField, type Shape } from '../mailbox/schema.ts';
import type { Mail } from './mail.ts';

/** Columns of mail for numbers, and for text. */
const NUMBERS = ['n0', 'n1', 'n2', 'n3'] as const;

/** How a value of a type stands in a number, as source text. */
interface NumberForm {
  to(v: string, id: number): string;
  from(n: string, id: number): string;
}

const AS_IT_IS: NumberForm = { to: (v) => v, from: (n) => n };

/** Types that fit a double. */
const NUMBER_FORMS: Readonly<Record<string, NumberForm>> = {
  u8: AS_IT_IS,
  i32: AS_IT_IS,
  u32: AS_IT_IS,
  f64: AS_IT_IS,
  timestamp: AS_IT_IS,
  bool: { to: (v) => `(${v} ? 1 : 0)`, from: (n) => `${n} === 1` },
  date: { to: (v) => `${v}.getTime()`, from: (n) => `new Date(${n})` },
  enum: { to: (v, id) => `literals${id}.indexOf(${v})`, from: (n, id) => `literals${id}[${n}]` },
};

/** Types that are a string. */
const TEXTS = new Set(['string', 'dictionary']);

/** Where each field of a shape stands. */
export interface Slots {
  readonly fields: readonly SchemaField[];
  /** By field: the column, or undefined if it is in `rest`. */
  readonly columns: readonly (string | undefined)[];
  /** Indices of those in `rest`, in its order. */
  readonly packed: readonly number[];
}

export function slotsOf(shape: Shape, where: string, numbers: readonly string[], texts: readonly string[]): Slots {
  const fields = Object.keys(shape).length === 0 ? [] : Schema.of(shape, where).fields;
  const freeNumbers = [...numbers];
  const freeTexts = [...texts];
  const columns = fields.map(({ type }) => {
    if (NUMBER_FORMS[type] !== undefined) return freeNumbers.shift();
    return TEXTS.has(type) ? freeTexts.shift() : undefined;
  });
  const packed = columns.flatMap((column, i) => (column === undefined ? [i] : []));
  return { fields, columns, packed };
}

const formOf = (slots: Slots, i: number): NumberForm => NUMBER_FORMS[slots.fields[i].type] ?? AS_IT_IS;

/** What a field's value is written to its column as; `id` is the field's. */
export const toColumn = (slots: Slots, i: number, v: string): string => formOf(slots, i).to(v, i);
export const fromColumn = (slots: Slots, i: number, n: string): string => formOf(slots, i).from(n, i);

/** What the texts of this file, and of the codecs, refer to. */
export const slotConstants = (slots: Slots, where: string): Record<string, unknown> => ({
  ...constantsOf(slots.fields, where),
  ...Object.fromEntries(
    slots.fields.map(({ declared }, i) => [`literals${i}`, (declared as { parameters?: unknown[] }).parameters]),
  ),
});

/** Messages whose names are all compared with their fields at first; later one in as many. */
const FULLY_CHECKED = 64;

/** Writes a message into mail, and reads it again. */
export interface MessageCodec<Message = Record<string, unknown>> {
  /** @throws MillraceError BAD_VALUE, UNKNOWN_FIELD, before anything is written */
  write(message: Message, mail: Mail): void;
  read(mail: Mail): Message;
}

/**
 * @param actor whose it is
 * @param name of the message
 */
export function messageCodec<Message>(actor: string, name: string, shape: Shape): MessageCodec<Message> {
  const where = `'${name}' of actor '${actor}'`;
  const slots = slotsOf(shape, where, NUMBERS, ['text']);
  const { fields, columns, packed } = slots;
  const names = fields.map((field) => field.name);
  const known = new Set(names);
  const check = fields.map(
    ({ name: field, codec }, i) => `const v${i} = m.${field}; if (${codec.invalid(`v${i}`, i)}) bad(${i}, v${i});`,
  );
  const write = columns.flatMap((column, i) =>
    column === undefined ? [] : [`mail.${column} = ${toColumn(slots, i, `v${i}`)};`],
  );
  const values = columns.map((column, i) =>
    column === undefined ? `rest[${packed.indexOf(i)}]` : fromColumn(slots, i, `mail.${column}`),
  );
  const body = `
let unchecked = ${FULLY_CHECKED};
function Message(${names.map((_, i) => `a${i}`).join(', ')}) { ${names.map((field, i) => `this.${field} = a${i};`).join(' ')} }
Message.prototype = Object.prototype;
return {
write(m, mail) {
if (typeof m !== 'object' || m === null) notAMessage(m);
${check.join('\n')}
if (--unchecked < 0 ? (unchecked & ${FULLY_CHECKED - 1}) === 0 : true) checkNames(m);
${packed.length === 0 ? '' : `const rest = pack([${packed.map((i) => `v${i}`).join(', ')}]);`}
${write.join(' ')}
${packed.length === 0 ? '' : 'mail.rest = rest;'}
},
read(mail) {
${packed.length === 0 ? '' : 'const rest = unpack(mail.rest);'}
return new Message(${values.join(', ')});
},
};`;
  return generate(
    `${actor}/${name}`,
    {
      ...slotConstants(slots, actor),
      pack: (given: unknown[]) =>
        packValues(
          actor,
          name,
          packed.map((i) => fields[i]),
          given,
        ),
      unpack: unpackJson,
      bad: (i: number, value: unknown) => {
        const { name: field, codec } = fields[i];
        throw errors.badMessage(actor, name, field, value, codec.label, codec.rule);
      },
      notAMessage: (value: unknown) => {
        throw errors.notAMessage(actor, name, value);
      },
      checkNames: (message: object) => {
        for (const field of Object.keys(message)) {
          if (!known.has(field)) throw errors.surplusField(actor, name, field, names);
        }
      },
    },
    body,
  );
}

function packValues(actor: string, message: string, fields: readonly SchemaField[], given: unknown[]): Uint8Array {
  const values = given.map((value, i) =>
    packedValue(fields[i].codec, value, ({ path, label, rule, value: misfit }) => {
      throw errors.badMessage(actor, message, `${fields[i].name}${path}`, misfit, label, rule);
    }),
  );
  try {
    return packJson(values);
  } catch (cause) {
    const { name, codec } = fields[0];
    throw errors.badMessage(actor, message, name, values[0], codec.label, cause instanceof Error ? cause.message : '');
  }
}

/** Packs what is no message: an error, arguments. */
export const packRest = (value: unknown): Uint8Array => packJson(value);
export const unpackRest = (bytes: Uint8Array | null): unknown => (bytes === null ? undefined : unpackJson(bytes));

const withoutStacks = ({ cause, ...record }: ErrorRecord): ErrorRecord => ({
  ...record,
  stack: undefined,
  details: {},
  cause: cause && withoutStacks(cause),
});

/** Characters of an error's text that are kept where it is too large for a ring. */
const TEXT_MAX = 200;

/** Packs an error, as much of it as fits `maxBytes`. */
export function packError(error: Error, maxBytes: number): Uint8Array {
  const record = toRecord(error);
  const whole = packJson(record);
  if (whole.length <= maxBytes) return whole;
  const lean = packJson(withoutStacks(record));
  if (lean.length <= maxBytes) return lean;
  const { code, name, message } = record;
  return packJson({ code, name, message: message.slice(0, TEXT_MAX), stack: undefined, details: {}, cause: undefined });
}
