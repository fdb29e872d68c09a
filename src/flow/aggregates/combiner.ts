// The combiner of an aggregate: it takes in tuples where they are made, on the writer's thread, and hands on one row a key when the
// batch commits: what is kept of the key's tuples since the commit before.
// Promises: what it holds belongs to the open batch: it is flushed before the batch commits, and dropped when it is rolled back, so it
// needs no protection. Where keys hardly repeat it hands tuples on one by one, and tries again from time to time.
// Keys stay in its table from batch to batch, so that one that comes again costs neither a row nor garbage.
// Relies on: the batch ends soon after `isFull`; until then tuples of new keys are handed on one by one if the table is full.

import { generate } from '../../mailbox/codegen.ts';
import { constantsOf, type KeyCodec } from '../../mailbox/columns/codec.ts';
import { ownText } from '../../mailbox/columns/kept-key.ts';
import { combine32, hashDouble, hashString, mix32 } from '../../mailbox/hash.ts';
import type { SchemaField } from '../../mailbox/schema.ts';
import { type AggregateCode, type Live, liveOf, type Slots } from './aggregate.ts';

/** Keys that a table holds at most. */
const KEYS_MAX = 1 << 17;
const KEYS_FIRST = 1 << 10;
/** A table that is fuller than this after a batch begins anew: most of its keys may not come again. */
const KEYS_KEPT_MAX = KEYS_MAX >> 1;
/** Of the tuples of a batch, so many may become rows; with more, combining costs more than it saves. */
const ROWS_SHARE_MAX = 0.7;
/** Tuples that tell how much keys repeat. */
const SAMPLE_TUPLES_MIN = 1 << 12;
/** Tuples that are handed on one by one before combining is tried again: at first, and at most. */
const PAUSE_TUPLES_FIRST = 1 << 17;
const PAUSE_TUPLES_MAX = 1 << 22;

/** What an operator holds of the tuples of the open batch. */
export interface TupleHolder {
  /** Takes in a tuple. */
  add(tuple: unknown): void;
  /** Emits what it holds, before the batch commits. */
  flush(): void;
  /** Forgets what it holds: the batch is rolled back. */
  discard(): void;
  /** True if the batch should not grow. */
  isFull(): boolean;
  /** True while it hands tuples on one by one, by its own choice: then a longer batch brings nothing. */
  isPaused(): boolean;
  /** Hands every tuple on by itself, as long as tuples are tried alone. */
  single(isOn: boolean): void;
}

/** A part of what is kept, as the table holds it. */
interface Slot extends Live {
  readonly aggregate: number;
  readonly part: string;
}

/** What is kept of one aggregate. */
export interface KeptAggregate {
  /** Of the result. */
  readonly name: string;
  readonly code: AggregateCode;
}

/** The field of rows and state that a part of an aggregate is. */
export const partName = (name: string, part = ''): string => (part === '' ? name : `${name}$${part}`);

export const keyCodecOf = ({ codec }: SchemaField): KeyCodec => codec.key as KeyCodec;

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

/** Statements that declare what is kept of the one tuple `tuple`, as variables; and the names of these. */
export function singleCode(aggregates: readonly KeptAggregate[]): {
  code: string;
  slots: (aggregate: number) => Slots;
} {
  const slots =
    (a: number): Slots =>
    (part = '') =>
      `one${slotId(a, part)}`;
  const declared = slotsOf(aggregates).map(({ aggregate, part, zero }) => `let ${slots(aggregate)(part)} = ${zero};`);
  return { code: [...declared, ...aggregates.map(({ code }, a) => code.add(slots(a)))].join('\n'), slots };
}

/** What travels of the one tuple that {@link singleCode} has taken in. */
export const singleRowCode = (
  keys: readonly SchemaField[],
  aggregates: readonly KeptAggregate[],
  slots: (aggregate: number) => Slots,
): string => rowCode(keys, aggregates, (k) => `tuple.${keys[k].name}`, slots);

/** Generates the combiner of one writer. */
export function generateCombiner(
  operator: string,
  keys: readonly SchemaField[],
  aggregates: readonly KeptAggregate[],
  emit: (row: unknown) => void,
): TupleHolder {
  const held = slotsOf(aggregates);
  const owns = keys.map((key) => keyCodecOf(key).own);
  const laneSlots =
    (a: number): Slots =>
    (part = '') =>
      `lane${slotId(a, part)}[e]`;
  const single = singleCode(aggregates);
  const hash = keys
    .map((key, k) => keyCodecOf(key).hashOfValue(`tuple.${key.name}`, k))
    .reduce((first, second) => `combine32(${first}, ${second})`);
  const lanes = [
    ...owns.map(({ lane }, k) => ({ name: `key${k}`, lane })),
    ...held.map(({ aggregate, part, lane }) => ({ name: `lane${slotId(aggregate, part)}`, lane })),
    ...['hashes', 'stamps', 'live'].map((name) => ({ name, lane: 'Int32Array' })),
  ];
  const sought = owns.map((_, k) => `sought${k}`);
  const isKey = owns.map(({ equal }, k) => equal(`key${k}[e]`, sought[k])).join(' && ');
  const body = `
let keysMax = ${KEYS_FIRST}, mask = ${2 * KEYS_FIRST - 1}, keys = 0, rows = 0, stamp = 1, tuples = 0;
let isSingle = false, pause = 0, nextPause = ${PAUSE_TUPLES_FIRST};
let index = new Int32Array(${2 * KEYS_FIRST});
${lanes.map(({ name, lane }) => `let ${name} = new ${lane}(${KEYS_FIRST});`).join('\n')}
function widen(lane, count) {
if (Array.isArray(lane)) { lane.length = count; return lane; }
const wider = new lane.constructor(count);
wider.set(lane);
return wider;
}
function grow() {
keysMax *= 2;
mask = 2 * keysMax - 1;
${lanes.map(({ name }) => `${name} = widen(${name}, keysMax);`).join(' ')}
index = new Int32Array(2 * keysMax);
for (let e = 0; e < keys; e++) {
let at = hashes[e] & mask;
while (index[at] !== 0) at = (at + 1) & mask;
index[at] = e + 1;
}
}
function insert(hash, ${sought.join(', ')}) {
if (keys === keysMax) {
if (keysMax === ${KEYS_MAX}) return -1;
grow();
}
let at = hash & mask;
while (index[at] !== 0) at = (at + 1) & mask;
const e = keys++;
index[at] = e + 1;
hashes[e] = hash;
stamps[e] = 0;
${owns.map(({ kept }, k) => `key${k}[e] = ${kept(sought[k])};`).join(' ')}
return e;
}
function begin(e) {
stamps[e] = stamp;
live[rows++] = e;
${held.map(({ aggregate, part, zero }) => `lane${slotId(aggregate, part)}[e] = ${zero};`).join(' ')}
}
function pass(tuple) {
${single.code}
emit(${singleRowCode(keys, aggregates, single.slots)});
}
function add(tuple) {
if (isSingle || pause > 0) { pause--; pass(tuple); return; }
${owns.map(({ sought: form }, k) => `const ${sought[k]} = ${form(`tuple.${keys[k].name}`, k)};`).join(' ')}
const hash = ${hash};
let at = hash & mask, e = 0;
for (;;) {
e = index[at] - 1;
if (e < 0) {
e = insert(hash, ${sought.join(', ')});
if (e < 0) { pass(tuple); return; }
break;
}
if (hashes[e] === hash && ${isKey}) break;
at = (at + 1) & mask;
}
tuples++;
if (stamps[e] !== stamp) begin(e);
${aggregates.map(({ code }, a) => code.add(laneSlots(a))).join('\n')}
}
function emitRow(e) {
emit(${rowCode(keys, aggregates, (k) => owns[k].value(`key${k}[e]`, k), laneSlots)});
${held.map(({ aggregate, part, lane }) => (lane === 'Array' ? `lane${slotId(aggregate, part)}[e] = null;` : '')).join(' ')}
}
function clear() {
rows = 0;
tuples = 0;
stamp = (stamp + 1) | 0;
if (keys <= ${KEYS_KEPT_MAX} && stamp !== 0) return;
if (stamp === 0) stamp = 1;
index.fill(0);
${owns.map(({ lane }, k) => (lane === 'Array' ? `key${k}.fill(null);` : '')).join(' ')}
keys = 0;
}
return {
add,
flush() {
if (tuples === 0) return;
if (tuples >= ${SAMPLE_TUPLES_MIN}) {
if (rows > tuples * ${ROWS_SHARE_MAX}) {
pause = nextPause;
nextPause = Math.min(${PAUSE_TUPLES_MAX}, nextPause * 2);
} else nextPause = ${PAUSE_TUPLES_FIRST};
}
for (let r = 0; r < rows; r++) emitRow(live[r]);
clear();
},
discard() { if (tuples > 0) clear(); },
isFull() { return keys === ${KEYS_MAX}; },
isPaused() { return pause > 0; },
single(isOn) { isSingle = isOn; },
};`;
  return generate(
    `${operator}/combine`,
    {
      ...constantsOf(keys, operator),
      ...Object.assign({}, ...aggregates.map(({ code }) => code.constants)),
      mix32,
      combine32,
      hashDouble,
      hashString,
      ownText,
      emit,
    },
    body,
  );
}
