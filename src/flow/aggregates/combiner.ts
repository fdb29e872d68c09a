// The combiner of an aggregate: it takes in tuples where they are made, on the writer's thread, and hands on one row a key when the
// batch commits: what is kept of the key's tuples since the commit before.
// Promises: what it holds belongs to the open batch: it is flushed before the batch commits, and dropped when it is rolled back, so it
// needs no protection. Where keys hardly repeat it hands tuples on one by one, and tries again from time to time.
// Keys stay in its table from batch to batch, so that one that comes again costs neither a row nor garbage.
// Rows of stretches of time that have passed gain nothing by being held: once there are many of them the batch may end. They go in the
// order of time, and what follows them says how far that has come, so that whoever gets them can be done with one stretch before the next.
// Relies on: the batch ends soon after `isFull`; until then tuples of new keys are handed on one by one if the table is full.

import { generate } from '../../mailbox/codegen.ts';
import { constantsOf, keyLane } from '../../mailbox/columns/codec.ts';
import { hashCharacters, isText, ownText, Texts } from '../../mailbox/columns/kept-text.ts';
import { keyCodec } from '../../mailbox/encoder.ts';
import type { Schema, SchemaField } from '../../mailbox/schema.ts';
import { type AggregateCode, type Given, isNumber, type Live, liveOf, type Slots, valueType } from './aggregate.ts';

/** Keys that a table holds at most. */
const KEYS_MAX = 3 << 17;
const KEYS_FIRST = 3 << 8;
/** How full the index is at most. */
const INDEX_FILL = 0.75;
/** A table that is fuller than this after a batch begins anew: most of its keys may not come again. */
const KEYS_KEPT_MAX = KEYS_MAX >> 1;
/** Of the tuples of a batch, so many may become rows; with more, combining costs more than it saves. */
const ROWS_SHARE_MAX = 0.7;
/** Tuples that tell how much keys repeat. */
const SAMPLE_TUPLES_MIN = 1 << 12;
/** Tuples that are handed on one by one before combining is tried again: at first, and at most. */
const PAUSE_TUPLES_FIRST = 1 << 17;
const PAUSE_TUPLES_MAX = 1 << 22;

/** Rows, and stretches of time that have passed since the first of them, from which on a batch may end. */
const PASSED_ROWS_MIN = 1 << 12;
const PASSED_MIN = 8;
/** Rows at least between two words of how far time has come: each ends a frame. */
const TOLD_ROWS_MIN = 32;

/** Bits of a slot of the index that tell an entry, counted from 1; those above are of the hash, and tell most keys apart. */
const ENTRY_BITS = 19;
const MULTIPLIERS = [0x85ebca6b, 0xc2b2ae35, 0x9e3779b1] as const;

/** What an operator holds of the tuples of the open batch. */
export interface TupleHolder {
  /** The fields of tuples whose values it takes from {@link numbers}, in their order, and from the arguments of {@link add}. */
  readonly takes: { readonly numbers: readonly string[]; readonly others: readonly string[] };
  /** Fields among them that tuples do not have: expressions of the time in work, `time[0]`. */
  readonly computed: Readonly<Record<string, string>>;
  /** Where the numbers of a tuple are put before `add` is called: as arguments each would be an object on the heap. */
  readonly numbers: Float64Array;
  /** Takes in a tuple. */
  add(...others: readonly unknown[]): void;
  /** Emits what it holds, before the batch commits. */
  flush(): void;
  /** Forgets what it holds: the batch is rolled back. */
  discard(): void;
  /** True if it holds nothing. */
  isEmpty(): boolean;
  /** True if the batch should not grow. */
  isFull(): boolean;
  /** True while it hands tuples on one by one, by its own choice: then a longer batch brings nothing. */
  isPaused(): boolean;
  /** Hands every tuple on by itself, as long as tuples are tried alone. */
  single(isOn: boolean): void;
}

/** How time goes on while tuples are held. */
export interface HeldTime {
  /** No tuple that is taken in from now on has an earlier time. */
  watermark(): number;
  /** Says so of what is emitted from now on. */
  tell(watermark: number): void;
}

/** What the combiner of windows knows of time. */
interface Stretches {
  /** Fields of the schema that tuples do not have: expressions of the time in work. */
  readonly computed: Readonly<Record<string, string>>;
  /** If the watermark is known: how far it has come, and an expression for the end of the stretch that a time is in. */
  readonly time: (HeldTime & { readonly endOf: (time: string) => string }) | undefined;
}

/** A part of what is kept, as the table holds it. */
interface Slot extends Live {
  readonly aggregate: number;
  readonly part: string;
}

/** What is kept of one aggregate. */
export interface KeptAggregate {
  /** The fields of tuples that it takes in. */
  readonly fields: readonly string[];
  /** Of the result. */
  readonly name: string;
  readonly code: AggregateCode;
}

/** The field of rows and state that a part of an aggregate is. */
export const partName = (name: string, part = ''): string => (part === '' ? name : `${name}$${part}`);

function slotsOf(aggregates: readonly KeptAggregate[]): Slot[] {
  return aggregates.flatMap(({ code: { kept, live } }, aggregate) => {
    const parts = live ?? Object.fromEntries(Object.entries(kept).map(([part, field]) => [part, liveOf(field)]));
    return Object.entries(parts).map(([part, each]) => ({ aggregate, part, ...each }));
  });
}

const slotId = (aggregate: number, part: string): string => `${aggregate}_${part}`;

/** The row that is emitted: the key, and what travels of each aggregate. */
function rowCode(
  keys: readonly SchemaField[],
  aggregates: readonly KeptAggregate[],
  keyValue: (key: number) => string,
  slots: (aggregate: number) => Slots,
): string {
  const key = keys.map(({ name }, k) => `${name}: ${keyValue(k)}`);
  const parts = aggregates.flatMap(({ name, code: { kept, travel } }, a) =>
    Object.keys(kept).map(
      (part) => `${partName(name, part)}: ${travel === undefined ? slots(a)(part) : travel(part, slots(a))}`,
    ),
  );
  return `{ ${[...key, ...parts].join(', ')} }`;
}

/** Statements that declare what is kept of one tuple, as variables; the names of these; and what would travel of them. */
export function singleCode(
  aggregates: readonly KeptAggregate[],
  given: Given,
): {
  code: string;
  slots: (aggregate: number) => Slots;
  travelling: (aggregate: number) => Slots;
} {
  const slots =
    (a: number): Slots =>
    (part = '') =>
      `one${slotId(a, part)}`;
  const declared = slotsOf(aggregates).map(({ aggregate, part, zero }) => `let ${slots(aggregate)(part)} = ${zero};`);
  const travelling =
    (a: number): Slots =>
    (part = '') => {
      const { travel } = aggregates[a].code;
      return travel === undefined ? slots(a)(part) : `(${travel(part, slots(a))})`;
    };
  const code = [...declared, ...aggregates.map((aggregate, a) => aggregate.code.add(slots(a), given))].join('\n');
  return { code, slots, travelling };
}

/** Notes before which rows a stretch of time has passed. */
const passedCode = (time: Stretches['time']): string =>
  time === undefined
    ? ''
    : `
const passedRows = [], passedTimes = [];
let passedUntil = -Infinity, isPassed = false;
function comeTo(watermark) {
if (watermark < passedUntil || watermark === -Infinity) return;
passedUntil = ${time.endOf('watermark')};
const last = passedRows.length - 1;
if (last >= 0 && rows - passedRows[last] < ${TOLD_ROWS_MIN}) return;
passedRows.push(rows);
passedTimes.push(watermark);
isPassed = passedRows.length > ${PASSED_MIN} && rows >= ${PASSED_ROWS_MIN};
}
const tellPassed = (i) => heldTime.tell(passedTimes[i]);`;

/**
 * Generates the combiner of one writer.
 * @param schema of the tuples
 * @param emit gets the combined rows
 * @param stretches if rows are of one stretch of time each
 */
export function generateCombiner(
  operator: string,
  schema: Schema,
  keys: readonly SchemaField[],
  aggregates: readonly KeptAggregate[],
  emit: (row: unknown) => void,
  { computed, time }: Stretches = { computed: {}, time: undefined },
): TupleHolder {
  const named = new Set([...keys.map(({ name }) => name), ...aggregates.flatMap(({ fields }) => fields)]);
  const takesAll = aggregates.some(({ code }) => code.takesTuples === true);
  const taken = schema.fields.filter(({ name }) => takesAll || named.has(name));
  const own = taken.filter(({ name }) => !Object.hasOwn(computed, name));
  const namesOf = (areNumbers: boolean): string[] =>
    taken
      .map((field) => ({ name: field.name, type: valueType(field) }))
      .filter(({ type }) => (isNumber(type) && !type.isOptional) === areNumbers)
      .map(({ name }) => name);
  const takes = { numbers: namesOf(true), others: namesOf(false) };
  const held = slotsOf(aggregates);
  const owns = keys.map((key) => keyCodec(key).own);
  const words = owns.flatMap((_, k) => [`a${k}`, `b${k}`]);
  const stampAt = words.length;
  // What is kept as doubles stands in the key's entry, behind its words: a tuple then touches one line of the cache there.
  const doubles = held.filter(({ lane }) => lane === 'Float64Array');
  const entryWords = stampAt + 2 + 2 * doubles.length;
  const heldSlots =
    (a: number): Slots =>
    (part = '') => {
      const at = doubles.findIndex((slot) => slot.aggregate === a && slot.part === part);
      return at < 0 ? `lane${slotId(a, part)}[e]` : `doubles[${entryWords / 2} * e + ${(stampAt + 2) / 2 + at}]`;
    };
  // Values, and not a tuple: an object that is handed on is allocated, and its doubles with it.
  const given: Given = (field) =>
    field === undefined ? `{ ${own.map(({ name }) => `${name}: ${given(name)}`).join(', ')} }` : `given_${field}`;
  const others = takes.others.map((name) => given(name)).join(', ');
  const parameters = ['hash', ...takes.others.map((name) => given(name))].join(', ');
  const takeNumbers = takes.numbers.map((name, i) => `const ${given(name)} = numbers[${i}];`).join(' ');
  const single = singleCode(aggregates, given);
  const lanes = [
    ...owns.flatMap((own, k) => own.lanes.map((lane, l) => ({ name: keyLane(k, l), lane }))),
    ...held
      .filter((slot) => !doubles.includes(slot))
      .map(({ aggregate, part, lane }) => ({ name: `lane${slotId(aggregate, part)}`, lane })),
    { name: 'live', lane: 'Int32Array' },
  ];
  const fieldOf = (k: number): string => given(keys[k].name);
  const mixed = owns
    .map((_, k) => `(a${k} ^ Math.imul(b${k}, ${MULTIPLIERS[0]}))`)
    .reduce((first, second) => (first === '' ? second : `(Math.imul(${first}, ${MULTIPLIERS[1]}) ^ ${second})`), '');
  const hashed = `const hash = Math.imul(${mixed || '0'}, ${MULTIPLIERS[2]});`;
  const isKey = [
    ...words.map((word, w) => `entries[at + ${w}] === ${word}`),
    ...owns.flatMap((own, k) => {
      const isExact = own.isExact(k);
      return isExact === 'true' ? [] : [`(${isExact} || ${own.equal(fieldOf(k), k)})`];
    }),
  ];
  // The spare word of an entry: 0 if nothing has come since its row was emitted.
  const isNew = `entries[${entryWords} * e + ${stampAt + 1}]`;
  const large = aggregates.flatMap(({ code }, a) =>
    code.isLarge === undefined ? [] : [`(${code.isLarge(heldSlots(a))})`],
  );
  const empty = held.map(({ aggregate, part, zero }) => `${heldSlots(aggregate)(part)} = ${zero};`).join(' ');
  const body = `
let keysMax = ${KEYS_FIRST}, shift = ${32 - Math.log2(KEYS_FIRST / INDEX_FILL)}, mask = ${KEYS_FIRST / INDEX_FILL - 1};
let keys = 0, rows = 0, stamp = 1, tuples = 0;
let isDirect = false, isSingle = false, pause = 0, nextPause = ${PAUSE_TUPLES_FIRST};
let index = new Int32Array(mask + 1), doubles = new Float64Array(${(entryWords / 2) * KEYS_FIRST}), entries = new Int32Array(doubles.buffer);
${owns.map((own, k) => own.declare(k, k)).join('\n')}
${lanes.map(({ name, lane }) => `let ${name} = new ${lane}(${KEYS_FIRST});`).join('\n')}
function widen(lane, count) {
if (Array.isArray(lane)) { lane.length = count; return lane; }
const wider = new lane.constructor(count);
wider.set(lane);
return wider;
}
function grow() {
keysMax *= 2;
shift--;
mask = 2 * mask + 1;
index = new Int32Array(mask + 1);
doubles = widen(doubles, ${entryWords / 2} * keysMax);
entries = new Int32Array(doubles.buffer);
${lanes.map(({ name }) => `${name} = widen(${name}, keysMax);`).join(' ')}
for (let e = 0; e < keys; e++) {
${words.map((word, w) => `const ${word} = entries[${entryWords} * e + ${w}];`).join(' ')}
${hashed}
place(hash, e);
}
}
function place(hash, e) {
let slot = hash >>> shift;
while (index[slot] !== 0) slot = (slot + 1) & mask;
index[slot] = ((hash ^ (hash >>> 16)) << ${ENTRY_BITS}) | (e + 1);
}
function insert(${parameters}, ${words.join(', ')}) {
${takeNumbers}
if (keys === keysMax) {
if (keysMax === ${KEYS_MAX}) return -1;
grow();
}
const e = keys++;
place(hash, e);
${words.map((word, w) => `entries[${entryWords} * e + ${w}] = ${word};`).join(' ')}
entries[${entryWords} * e + ${stampAt}] = 0;
${owns.map((own, k) => own.store(fieldOf(k), k, k)).join('\n')}
return e;
}
${passedCode(time)}
function begin(e) {
${time === undefined ? '' : 'comeTo(heldTime.watermark());'}
entries[${entryWords} * e + ${stampAt}] = stamp;
live[rows++] = e;
${empty}
}
function direct(${others}) {
if (pause > 0) isDirect = --pause > 0 || isSingle;
pass(${others});
}
function pass(${others}) {
${takeNumbers}
${single.code}
emit(${rowCode(keys, aggregates, fieldOf, single.slots)});
}
function add(${others}) {
if (isDirect) { direct(${others}); return; }
${takeNumbers}
${owns.map((own, k) => own.words(fieldOf(k), k, k)).join('\n')}
${hashed}
const tag = hash ^ (hash >>> 16);
let slot = hash >>> shift, e = 0;
for (;;) {
const found = index[slot];
if (found === 0) {
e = insert(${parameters}, ${words.join(', ')});
if (e < 0) { pass(${others}); return; }
break;
}
if (((found >>> ${ENTRY_BITS}) ^ tag) << ${ENTRY_BITS} === 0) {
e = (found & ${(1 << ENTRY_BITS) - 1}) - 1;
const at = ${entryWords} * e;
if (${isKey.join(' && ') || 'true'}) break;
}
slot = (slot + 1) & mask;
}
tuples++;
if (entries[${entryWords} * e + ${stampAt}] !== stamp) begin(e);
${aggregates.map(({ code }, a) => code.add(heldSlots(a), given)).join('\n')}
${large.length === 0 ? '' : `${isNew} = 1; if (${large.join(' || ')}) { emitRow(e); ${empty} ${isNew} = 0; }`}
}
function emitRow(e) {
emit(${rowCode(keys, aggregates, (k) => owns[k].value(k, k), heldSlots)});
${held.map(({ aggregate, part, lane }) => (lane === 'Array' ? `lane${slotId(aggregate, part)}[e] = null;` : '')).join(' ')}
}
function clear() {
rows = 0;
tuples = 0;
stamp = (stamp + 1) | 0;
${time === undefined ? '' : 'passedRows.length = passedTimes.length = 0; passedUntil = -Infinity; isPassed = false;'}
if (keys <= ${KEYS_KEPT_MAX} && stamp !== 0) return;
if (stamp === 0) stamp = 1;
index.fill(0);
${owns.map((own, k) => own.clear(k)).join(' ')}
keys = 0;
}
return {
takes,
computed,
numbers,
add,
flush() {
if (tuples === 0) return;
if (tuples >= ${SAMPLE_TUPLES_MIN}) {
if (rows > tuples * ${ROWS_SHARE_MAX}) {
pause = nextPause;
isDirect = true;
nextPause = Math.min(${PAUSE_TUPLES_MAX}, nextPause * 2);
} else nextPause = ${PAUSE_TUPLES_FIRST};
}
for (let r = 0${time === undefined ? '' : ', told = 0'}; r < rows; r++) {
const e = live[r];
${time === undefined ? '' : 'if (passedRows[told] === r) tellPassed(told++);'}
${large.length === 0 ? '' : `if (${isNew} === 0) continue;`}
emitRow(e);
}
clear();
},
discard() { if (tuples > 0) clear(); },
isEmpty() { return tuples === 0; },
isFull() { return keys === ${KEYS_MAX}${time === undefined ? '' : ' || isPassed'}; },
isPaused() { return pause > 0; },
single(isOn) { isSingle = isOn; isDirect = isOn || pause > 0; },
};`;
  return generate(
    `${operator}/combine`,
    {
      ...constantsOf(keys, operator),
      ...Object.assign({}, ...aggregates.map(({ code }) => code.constants)),
      ...Object.assign({}, ...keys.map((field, k) => keyCodec(field).constants(k))),
      takes,
      computed,
      numbers: new Float64Array(takes.numbers.length),
      hashCharacters,
      isText,
      ownText,
      Texts,
      emit,
      heldTime: time,
    },
    body,
  );
}
