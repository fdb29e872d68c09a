// The program of an actor: one generated step function per operator instance that decodes rows, checks ownership, looks up
// state, calls the user's closures of the whole fused chain (chain.ts) and encodes what they emit.
// Promises: no allocation per tuple beyond the tuple that each operator gets; `failedAt` names the operator whose closure threw.
// Relies on: the actor opens the transaction before and commits after; source texts differ per instance (codegen.ts).

import { errors } from '../../errors.ts';
import type { HeldTime, TupleHolder } from '../../flow/aggregates/combiner.ts';
import { LATEST_MS } from '../../flow/event-time.ts';
import { isShareable, type ReadStream, type Stage, type StageInput, stageName } from '../../flow/plan.ts';
import type { Resident } from '../../flow/resident.ts';
import type { SinkWriter } from '../../flow/sink.ts';
import type { SourceReader, SourceStatus } from '../../flow/source.ts';
import { generate } from '../../mailbox/codegen.ts';
import type { KeyCodec } from '../../mailbox/columns/codec.ts';
import { type Decoder, generateDecoder } from '../../mailbox/decoder.ts';
import type { DictionaryReader } from '../../mailbox/dictionary.ts';
import { combine32, hashDouble, keyGroupCode, mix32, positionGroupCode } from '../../mailbox/hash.ts';
import { blockShift, placeOfFrame } from '../../mailbox/places.ts';
import type { RingReader } from '../../mailbox/ring-reader.ts';
import { groupRootCode } from '../../state/memory/arena.ts';
import type { KeyedState } from '../../state/rows/keyed-state.ts';
import { type KeyTimers, noTimers } from '../../state/timers/key-timers.ts';
import type { OutputPort } from '../output-port.ts';
import type { Requests } from '../requests/requests.ts';
import type { EventClock } from '../time/event-clock.ts';
import { TimeCell } from '../time/time-cells.ts';
import {
  COUNTED_ROWS_MAX,
  LOAD_SAMPLES,
  SAMPLE_ROWS_MIN,
  SAMPLE_WEIGHT,
  timerMark,
  WorkCell,
} from '../vitals/vitals.ts';
import {
  chainCode,
  chainConstants,
  emitName,
  heldChecks,
  rethrowCode,
  runClosureCode,
  type Sieve,
  stepName,
} from './chain.ts';
import { foreseeCode, foreseenTables } from './foreseen-tables.ts';
import { CHUNK_ROWS, RowsAhead } from './rows-ahead.ts';

/** Where the program finds the sink, which is opened after the program is made. */
export interface SinkHolder {
  writer: SinkWriter<never> | undefined;
}

/** What a program is generated for. */
export interface ProgramParts {
  readonly stage: Stage;
  /** What it reads, in the order of the stage's upstream streams. */
  readonly streams: readonly ReadStream[];
  /** One for each output of the stage. */
  readonly ports: readonly OutputPort[];
  readonly sink: SinkHolder;
  readonly state: KeyedState | undefined;
  /** What lives beside its rows, if its operator has such a thing. */
  readonly resident: Resident | undefined;
  /** What its operator has asked, if it awaits. */
  readonly requests: Requests | undefined;
  /** The timers of its keys, if its operator has a closure for them. */
  readonly timers: KeyTimers | undefined;
  /** Those by the clock, of an operator whose others are in event time. */
  readonly clockTimers: KeyTimers | undefined;
  /** See {@link TimeCell}. */
  readonly time: Float64Array;
  /** Judges the event times of tuples, if that is done here. */
  readonly clock: EventClock | undefined;
  /** 1 for each key group that this replica owns. */
  readonly owned: Uint8Array;
  /** Shared; see {@link WorkCell}. */
  readonly work: Int32Array;
  /** Shared; about how many tuples of each key group were processed. */
  readonly load: Uint32Array;
  /** Capacity of the job's rings: what a tuple may take, also between fused operators. */
  readonly ringBytes: number;
  /** Told of an emit outside of a run. */
  lateEmit(operator: string): void;
}

export interface Program {
  /**
   * Processes rows of a reader's current frame, at most `limit`.
   * @param upstream index in ProgramParts.streams of what it reads
   * @param within of a stage that keeps the order of its input: how many rows it may pass, while the limit is of its own ones
   * @returns the first row that is not processed
   */
  run(
    upstream: number,
    reader: RingReader,
    dictionary: DictionaryReader | undefined,
    limit: number,
    within?: number,
  ): number;
  /** Emits tuples `from` to `to` of a partition of a generator source; returns the first that is not emitted. */
  generate(from: number, to: number, partition: number): number;
  /** Reads from a source reader. */
  read(reader: SourceReader<never, unknown>, limit: number): SourceStatus;
  /** Hands a source's tuple to the operators behind it. */
  feed(tuple: unknown): void;
  /**
   * Runs the end-of-stream closure for at most `limit` keys of a group, from a slot of its table on, until a commit's worth
   * is written.
   * @returns the slot to go on from, or -1 when the group is done
   */
  endGroup(group: number, fromSlot: number, limit: number): number;
  /**
   * From now on a run takes a single tuple, and those that fail on their way through the chain go to the sieve; undefined ends
   * that.
   */
  sift(sieve: Sieve | undefined): void;
  /**
   * Runs the closures of at most `limit` timers that are due, until a commit's worth is written.
   * @returns how many
   */
  fireTimers(nowMs: number, limit: number): number;
  /** The same for timers by the clock, of an operator whose others are in event time. */
  fireClock(nowMs: number, limit: number): number;
  /** Lets the rows have what the resident has for them. */
  deliver(): void;
  /** Lets the resident do its own work. */
  work(nowMs: number): void;
  /** What holds tuples until the batch commits, if the last operator does. */
  readonly holder: TupleHolder | undefined;
  /** Makes any use of the state outside of a closure an error: after an exception. */
  expireState(): void;
  /** Tuples processed since the program was made: those of its own key groups only. */
  processed(): number;
  /**
   * For each operator of the chain but the first, the tuples that were handed to it since the last call; then, for each, those
   * of them that it has failed at; then, for each output that nobody reads, the tuples that went there.
   */
  takeCounts(): readonly number[];
  /** Forgets an exception that was reported. */
  clearFailure(): void;
  /** The operator whose closure failed last, as an index into the stage's chain. */
  failedAt(): number;
  /** The key whose end-of-stream closure ran last: one value for each key field. */
  endingKey(): readonly unknown[];
  /** The slot of that key in its group's table. */
  endingSlot(): number;
}

/** An expression that is true if one of the outputs says so; empty if there is none. */
const anyOutput = ({ ports }: ProgramParts, says: 'isBatchFull' | 'spilled'): string =>
  ports.map((_, output) => `output${output}.${says}`).join(' || ');

/** A statement that leaves a loop when enough is written for a commit. */
function leaveWhenFull(parts: ProgramParts, leave: string): string {
  const isFull = anyOutput(parts, 'isBatchFull');
  return isFull === '' ? '' : `if (${isFull}) ${leave}`;
}

function loopCode(parts: ProgramParts, u: number): string {
  if (parts.streams[u].input.isOrdered) return orderedLoopCode(parts, u);
  return parts.stage.operators[0].state === undefined ? statelessLoopCode(parts, u) : statefulLoopCode(parts, u);
}

/** Source text of the key group of a row, within the loop of its upstream stream. */
function groupOfRowCode({ isOrdered, isUnordered }: StageInput, u: number, row: string): string {
  if (isOrdered) return positionGroupCode(`(base + (${row} >>> shift))`);
  return isUnordered ? positionGroupCode(`(base + ${row})`) : keyGroupCode(`decoder${u}.hashAt(${row})`);
}

/** The row loop of one upstream stream. */
function runCode(parts: ProgramParts, u: number): string {
  const { input } = parts.streams[u];
  return `
function run${u}(reader, dictionary, limit) {
decoder${u}.open(reader.ring.data, reader.frameIndex, reader.count, dictionary);
const from = reader.row, to = Math.min(reader.count, from + limit);
let i = from;
${loopCode(parts, u)}
${isShareable(input) ? sampleCode(parts, u) : ''}
return i;
}`;
}

/**
 * Counts the key groups of some of the rows that were done: after their loop, so that the loop is as it was. Where a resident takes
 * them all are counted: to count one is little beside that, and a few thousand slow ones are to say which groups have the load.
 */
function sampleCode({ streams, resident }: ProgramParts, u: number): string {
  const group = groupOfRowCode(streams[u].input, u, 'k');
  const counted = `for (let k = from; k < i; k++) { const g = ${group}; load[g] += owned[g]; load[${LOAD_SAMPLES}] += owned[g]; }`;
  if (resident !== undefined) return counted;
  return `if (i - from <= ${COUNTED_ROWS_MAX}) ${counted}
else {
let k = from + untilSample;
while (k < i) {
const g = ${group};
load[g] += ${SAMPLE_WEIGHT} * owned[g];
load[${LOAD_SAMPLES}] += owned[g];
random = (Math.imul(random, 1664525) + 1013904223) | 0;
k += ${SAMPLE_ROWS_MIN} + (random >>> 27);
}
untilSample = k - i;
}`;
}

function statelessLoopCode(parts: ProgramParts, u: number): string {
  const { input, inputIndex } = parts.streams[u];
  const partitioned = isShareable(input);
  const group = groupOfRowCode(input, u, 'i');
  return `const base = reader.position;
for (; i < to; i++) {
${partitioned ? `if (owned[${group}] === 0) continue; processed++;` : ''}
work[${WorkCell.row}] = i;
${timeOfRowCode(parts, u, 'i')}
${stepName(0, inputIndex)}(decoder${u}.tupleAt(i));
${leaveWhenFull(parts, '{ i++; break; }')}
}
${partitioned ? '' : 'processed += i - from;'}`;
}

/**
 * The same, where blocks of rows are dealt out, and what comes of a block is written as frames of its own that say its place. Blocks of
 * other replicas are passed up to the next one of its own, so that a commit says how far the replica has nothing to write; while tuples
 * are tried alone, in a run of their own: what fails is the row at the cursor.
 */
function orderedLoopCode(parts: ProgramParts, u: number): string {
  const { inputIndex } = parts.streams[u];
  const each = (code: (output: number) => string): string => parts.ports.map((_, output) => code(output)).join(' ');
  return `const base = reader.position, place = placeOfFrame(reader), count = reader.count, shift = blockShift(count);
const end = Math.min(count, from + within);
let left = limit;
while (i < end) {
const next = Math.min(count, ((i >>> shift) + 1) << shift), stop = Math.min(next, end);
if (owned[${groupOfRowCode(parts.streams[u].input, u, 'i')}] === 0) {
i = stop;
if (sieve !== undefined && left > 0) break;
continue;
}
if (left <= 0) break;
${each((output) => `output${output}.place = place + ((i >>> shift) << shift);`)}
while (i < stop && left > 0) {
work[${WorkCell.row}] = i;
${timeOfRowCode(parts, u, 'i')}
${stepName(0, inputIndex)}(decoder${u}.tupleAt(i));
processed++;
i++;
left--;
${leaveWhenFull(parts, 'left = 0;')}
}
if (i === next) {
${each((output) => `flush${output}();`)}
${leaveWhenFull(parts, 'left = 0;')}
}
}`;
}

/** Takes up the event time of a row. That none is earlier than its inputs have said is made sure of: results rely on it. */
function timeOfRowCode({ streams }: ProgramParts, u: number, row: string): string {
  if (streams[u].written.time === undefined) return '';
  return `{ const at = decoder${u}.timeAt(${row}); if (at < time[${TimeCell.earliest}]) ranBack(at); time[${TimeCell.inWork}] = at; }`;
}

/** Statements that leave a loop for timers that are due already. */
function leaveWhenDue({ timers }: ProgramParts, leave: string): string {
  return timers?.isInEventTime === true ? `if (timers.nextAtMs <= time[${TimeCell.watermark}]) ${leave}` : '';
}

/** The fields of an input that are its key. */
function keyFields({ key = [], schema }: StageInput): { index: number; codec: KeyCodec }[] {
  return key.map((index) => ({ index, codec: schema.fields[index].codec.key as KeyCodec }));
}

/**
 * The two phases of a chunk of rows: locate looks up the state of the owned ones (their indices and state rows) and returns
 * how many they are, apply calls the closure with each and returns the first row that is not done: the one after a tuple whose
 * output found no room. Two loops, because the processor then overlaps the cache misses of several look-ups. If the state is
 * larger than the caches, a loop before them that branches on nothing it reads overlaps many more: 195 became 120 ns a tuple
 * at 1 M keys.
 */
function phasesCode(parts: ProgramParts, u: number): string {
  const { stage } = parts;
  const { input, inputIndex } = parts.streams[u];
  const [head] = stage.operators;
  const keys = keyFields(input);
  const foreseen = foreseenTables(input, parts.state);
  const hasSpilled = anyOutput(parts, 'spilled');
  const keyTexts = keys.flatMap(({ codec }, k) => (codec.isCached ? [`, state.keyText(${k}, g, h, p)`] : []));
  const hasTimers = parts.timers !== undefined;
  const hasClock = parts.clockTimers !== undefined;
  const hasTables = hasTimers || Object.keys(head.tables ?? {}).length > 0;
  const needsGroup = hasTables || keyTexts.length > 0 || arenasOf(parts) > 1;
  const seek = keys.map(({ index, codec }) => codec.seek(`key${u}_${index}`)).filter((code) => code !== '');
  const args = keys.map(({ index, codec }) => codec.ofReader(`key${u}_${index}`));
  return `
function fetch${u}(from, to) {
let sum = 0;
for (let i = from; i < to; i++) {
const h = decoder${u}.hashAt(i), g = ${keyGroupCode('h')};
sum ^= firstProbe(${perArena(parts, 'arena')}, ${groupRootCode}, h);
}
return sum;
}
function lookUp${u}(from, to) {
if (transaction.isLarge) fetched ^= fetch${u}(from, to);
let n = 0;
insertions.count = 0;
for (let i = from; i < to; i++) {
const h = decoder${u}.hashAt(i), g = ${keyGroupCode('h')};
let s = stamps[g];
if (s === 0) { if (owned[g] === 0) continue; s = transaction.openGroup(g); }
${seek.join(' ')}
indices[n] = i;
rows[n++] = upsert(${perArena(parts, 'arena')}, ${groupRootCode}, h, s, ${args.join(', ')});
}
if (insertions.count > 0) ahead.note(decoder${u}, indices, rows, n);
return n;
}
${foreseeCode(foreseen, u, perArena(parts, 'arena'))}
function locate${u}(from, to) {
for (;;) {
const before = transaction.rowMoves, n = lookUp${u}(from, to);
// A table that grew has moved the rows that were found before.
if (before !== transaction.rowMoves) continue;
${foreseen.length > 0 ? `if (transaction.isLarge) fetched ^= foresee${u}(n);` : ''}
return n;
}
}
function remove${u}(k, p, j, n) {
const h = decoder${u}.hashAt(k), g = ${keyGroupCode('h')};
context.removed = false;
${hasTimers ? 'timers.removing(timers.view);' : ''}
${hasClock ? 'clockTimers.removing(timers.view);' : ''}
state.remove(g, p);
// The row stands where it stood, without its key: nobody else's has moved.
for (let i = j + 1; i < n; i++) if (rows[i] === p) return true;
return false;
}
function apply${u}(from, to, count) {
let n = count;
for (let j = 0; j < n; j++) {
const k = indices[j], p = rows[j];
${needsGroup ? `const h = decoder${u}.hashAt(k), g = ${keyGroupCode('h')};` : ''}
const view = ${perArena(parts, 'view')};
view.row = p;
${hasTimers ? 'timers.view = view;' : ''}
${hasClock ? 'clockTimers.view = view;' : ''}
${hasTables ? 'transaction.stamp = stamps[g];' : ''}
work[${WorkCell.row}] = k;
work[${WorkCell.operator}] = 0;
${timeOfRowCode(parts, u, 'k')}
${runClosureCode(`closure0_${inputIndex}(decoder${u}.${parts.resident === undefined ? 'tupleAt' : 'viewAt'}(k${keyTexts.join('')}), view, ${emitName(head, 0)}, context)`, 0)}
${stage.operators.length > 1 ? rethrowCode : ''}
processed++;
if (context.removed && remove${u}(k, p, j, n)) { n = locate${u}(k + 1, to); j = -1; }
${hasSpilled === '' ? '' : `if (${hasSpilled}) { ahead.drop(decoder${u}, indices, rows, j + 1, n); return k + 1; }`}
${leaveWhenDue(parts, `{ ahead.drop(decoder${u}, indices, rows, j + 1, n); return k + 1; }`)}
}
return to;
}
const phases${u} = [locate${u}, apply${u}];`;
}

/** Takes the tuples that the resident has for rows of this replica. */
function deliverCode(parts: ProgramParts): string {
  if (parts.resident === undefined) return '';
  const { stage, streams } = parts;
  const { input } = streams[0];
  const [{ index, codec }, ...more] = keyFields(input);
  if (more.length > 0 || codec.isCached) throw errors.invariant('a resident is keyed by one number');
  const key = codec.ofValue(`tuple.${input.schema.fields[index].name}`, index);
  const [head] = stage.operators;
  return `
function deliver(emits) {
let tuple = resident.next(emits);
if (tuple === undefined) return;
state.resume();
for (; tuple !== undefined; tuple = resident.next(emits)) {
const key = ${key}, h = ${codec.hashOfValue('key', index)}, g = ${keyGroupCode('h')};
let s = stamps[g];
if (s === 0) s = transaction.openGroup(g);
insertions.count = 0;
const p = upsert(${perArena(parts, 'arena')}, ${groupRootCode}, h, s, key);
const view = ${perArena(parts, 'view')};
view.row = p;
transaction.stamp = stamps[g];
work[${WorkCell.operator}] = 0;
${runClosureCode(`closure0_0(tuple, view, ${emitName(head, 0)}, context)`, 0)}
processed++;
load[g]++;
load[${LOAD_SAMPLES}]++;
if (context.removed) { context.removed = false; state.remove(g, p); }
}
state.expire();
}`;
}

/** One call site for both phases keeps V8 from inlining them: each then has an inlining budget of its own. */
function statefulLoopCode(parts: ProgramParts, u: number): string {
  return `state.resume();
while (i < to) {
const end = Math.min(to, i + ${CHUNK_ROWS});
let next = 0;
ahead.begin();
for (let phase = 0; phase < 2; phase++) next = phases${u}[phase](i, end, next);
i = next;
${leaveWhenFull(parts, 'break;')}
${leaveWhenDue(parts, 'break;')}
}
state.expire();`;
}

const arenasOf = ({ state }: ProgramParts): number => state?.transaction.arenas.length ?? 0;

/** The arena, or the state object, of key group `g`: a constant if there is only one. */
const perArena = (parts: ProgramParts, what: 'arena' | 'view'): string =>
  arenasOf(parts) === 1 ? `${what}0` : `${what}s[g >>> ${parts.state?.transaction.arenaShift}]`;

function endCode(parts: ProgramParts): string {
  const [head] = parts.stage.operators;
  if (head.end === undefined) return 'const endingKey = [], endingSlot = 0; function endGroup() { return -1; }';
  return `
let endingKey = [], endingSlot = 0;
function endGroup(g, fromSlot, limit) {
if (owned[g] === 0) return -1;
let left = limit;
const s = transaction.openGroup(g);
state.resume();
const view = ${perArena(parts, 'view')};
const next = state.forEachRow(g, fromSlot, (key, arena, row) => {
state.table.touch(arena, row, s);
transaction.stamp = s;
view.row = row;
work[${WorkCell.operator}] = 0;
endingKey = key;
endingSlot = state.table.slotOf(arena, ${groupRootCode}, row);
work[${WorkCell.row}] = endingSlot;
time[${TimeCell.inWork}] = ${LATEST_MS};
${runClosureCode(`end(${newKeyCode(parts)}, view, ${emitName(head, 0)})`, 0)}
${parts.stage.operators.length > 1 ? rethrowCode : ''}
return --left > 0${parts.ports.map((_, output) => ` && !output${output}.isBatchFull`).join('')};
});
state.expire();
return next;
}`;
}

/** The class of the keys that closures get which run without a tuple. */
function keyClassCode({ stage }: ProgramParts): string {
  const [{ inputs }] = stage.operators;
  const [{ key: names = [] }] = inputs;
  return `function Key(${names.map((_, k) => `k${k}`).join(', ')}) { ${names.map((name, k) => `this.${name} = k${k};`).join(' ')} }
Key.prototype = Object.prototype;`;
}

const newKeyCode = ({ stage }: ProgramParts): string => {
  const [{ inputs }] = stage.operators;
  return `new Key(${(inputs[0].key ?? []).map((_, k) => `key[${k}]`).join(', ')})`;
};

/** The loop over timers that are due. */
function firingCode(parts: ProgramParts, name: 'fireTimers' | 'fireClock'): string {
  const isOwn = name === 'fireTimers';
  const { timers: own, clockTimers } = parts;
  if ((isOwn ? own : clockTimers) === undefined) return `function ${name}() { return 0; }`;
  const timers = isOwn ? 'timers' : 'clockTimers';
  // By the clock, time is what the inputs have come to.
  const time = isOwn ? 'timers.atMs' : 'timers.untilMs';
  const each = (code: (timers: string) => string): string =>
    `${code('timers')} ${clockTimers === undefined ? '' : code('clockTimers')}`;
  const [head] = parts.stage.operators;
  const isFull = anyOutput(parts, 'isBatchFull');
  return `
function ${name}(nowMs, limit) {
let fired = 0;
state.resume();
while (fired < limit && ${timers}.take(nowMs)) {
const g = ${timers}.group, key = ${timers}.key;
const view = ${perArena(parts, 'view')};
view.row = ${timers}.row;
${each((all) => `${all}.view = view;`)}
context.timer = { name: ${timers}.name, atMs: ${timers}.atMs };
context.untilMs = nowMs;
${own?.isInEventTime ? `time[${TimeCell.inWork}] = ${time};` : ''}
work[${WorkCell.operator}] = 0;
work[${WorkCell.row}] = timerMark(${timers}.tag);
${runClosureCode(`${isOwn ? 'onTimer' : 'onClock'}(${newKeyCode(parts)}, view, ${emitName(head, 0)}, context)`, 0)}
${parts.stage.operators.length > 1 ? rethrowCode : ''}
fired++;
if (context.removed) { context.removed = false; ${each((all) => `${all}.removing(view);`)} state.remove(g, view.row); }
${isFull === '' ? '' : `if (${isFull}) break;`}
}
state.expire();
return fired;
}`;
}

/** The loop of a generator source. */
function generatorCode(parts: ProgramParts): string {
  const { partitions } = parts.stage;
  // The plain loop is as it would be without partitions.
  const index = partitions === 1 ? 'from + k' : `(from + k) * ${partitions} + partition`;
  return `
function generateRows(from, to${partitions === 1 ? '' : ', partition'}) {
const n = (to - from) | 0;
let k = 0;
for (; k < n; k++) {
work[${WorkCell.operator}] = 0;
work[${WorkCell.row}] = k;
${stepName(0)}(generator(${index}, ${partitions > 1 ? 'partition' : '0'}));
${leaveWhenFull(parts, '{ k++; break; }')}
}
return from + k;
}
const generating = [generateRows, lastOfFour];`;
}

/**
 * The second function of call sites that must not be inlined: V8 inlines a site that has called only one function, and a row
 * loop that is inlined into its caller has no inlining budget left for the closures and the encoder (on Node.js 24 that
 * halved the throughput of a hop).
 */
const lastOfFour = (_first: unknown, _second: unknown, _third: unknown, last: unknown): unknown => last;

/** How a holder at the end of a source's chain learns of time, and tells it; undefined where time is not that of one partition. */
function heldTime({ stage, clock, ports }: ProgramParts, port: number): HeldTime | undefined {
  if (clock === undefined || stage.partitions > 1) return undefined;
  const { encoder, output } = ports[port];
  return {
    watermark: () => clock.watermarkOf(clock.seen),
    tell(watermark) {
      if (watermark <= output.watermark) return;
      encoder.flush();
      output.watermark = watermark;
    },
  };
}

/** Generates the program of one replica. */
export function generateProgram(parts: ProgramParts): Program {
  const { stage, streams, ports, state } = parts;
  const name = stageName(stage);
  const decoders: Decoder[] = streams.map(({ input, written, hashColumn }) => {
    const cached = keyFields(input).filter(({ codec }) => codec.isCached);
    const external = state === undefined ? [] : cached.map(({ index }) => index);
    return generateDecoder(name, input.schema, written.keys.length, hashColumn, external, written.time !== undefined);
  });
  // Only the last operator of a chain may hold tuples: nobody behind it would get them before the commit.
  const last = stage.operators.length - 1;
  const heldPort = stage.outputs.findIndex(({ operator }) => operator === last);
  const holder = stage.operators[last].holder?.(ports[heldPort].encoder.emit, heldTime(parts, heldPort));
  const checks = heldChecks(stage, parts.ringBytes);
  const constants: Record<string, unknown> = {
    ...chainConstants(stage, parts.ringBytes, checks, holder, parts.lateEmit),
    holder,
    sink: parts.sink,
    state,
    transaction: state?.transaction,
    stamps: state?.transaction.stamps,
    arenas: state?.transaction.arenas,
    arena0: state?.transaction.arenas[0],
    views: state?.views,
    view0: state?.views[0],
    upsert: state?.table.upsert,
    insertions: state?.table.insertions,
    ahead: state && new RowsAhead(state),
    firstProbe: state?.table.firstProbe,
    end: stage.operators[0].end,
    onTimer: stage.operators[0].onTimer,
    onClock: stage.operators[0].onClock,
    timers: parts.timers,
    clockTimers: parts.clockTimers,
    timerMark,
    time: parts.time,
    judge: parts.clock?.judge,
    ranBack: (at: number) => {
      throw errors.timeRanBack(name, at, parts.time[TimeCell.watermark]);
    },
    owned: parts.owned,
    work: parts.work,
    mix32,
    hashDouble,
    combine32,
    load: parts.load,
    lastOfFour,
    blockShift,
    placeOfFrame,
    noEmit: () => {
      throw errors.noOutput(name);
    },
    indices: new Int32Array(CHUNK_ROWS),
    rows: new Int32Array(CHUNK_ROWS),
    context: closureContext(parts),
    resident: parts.resident,
    ...receivers(parts),
    generator: stage.operators[0].source?.kind === 'generate' ? stage.operators[0].source.make : undefined,
  };
  ports.forEach(({ output, encoder }, port) => {
    constants[`output${port}`] = output;
    constants[`out${port}`] = encoder.emit;
    constants[`flush${port}`] = encoder.flush;
  });
  decoders.forEach((decoder, u) => {
    const { input } = streams[u];
    constants[`decoder${u}`] = decoder;
    const looked = foreseenTables(input, state).flatMap(({ fields }) => fields);
    for (const { index } of [...keyFields(input), ...looked]) constants[`key${u}_${index}`] = decoder.keyAt[index];
  });
  const isGenerator = constants.generator !== undefined;
  const isSource = stage.operators[0].source !== undefined;
  const body = `
let processed = 0, fetched = 0, untilSample = 0, random = 1, within = 0;
${chainCode(stage, checks, holder)}
${state === undefined ? '' : streams.map((_, u) => phasesCode(parts, u)).join('\n')}
${streams.map((_, u) => runCode(parts, u)).join('\n')}
${state === undefined ? '' : keyClassCode(parts)}
${endCode(parts)}
${firingCode(parts, 'fireTimers')}
${firingCode(parts, 'fireClock')}
${deliverCode(parts)}
${isGenerator ? generatorCode(parts) : ''}
function eachRow(visit) {
for (let g = 0; g < owned.length; g++) {
if (owned[g] === 0) continue;
const view = ${state === undefined ? 'undefined' : perArena(parts, 'view')};
state.forEachRow(g, 0, (key, arena, row) => { view.row = row; visit(key, view); return true; });
}
}
const runs = [${streams.map((_, u) => `[run${u}, lastOfFour]`).join(', ')}];
return {
run(upstream, reader, dictionary, limit, rows) {
within = rows;
const calls = runs[upstream];
let row = 0;
enter();
try {
for (let k = 0; k < 2; k++) row = calls[k](reader, dictionary, limit, row);
if (sieve !== undefined) sift0();
} finally { leave(); }
return row;
},
generate(from, to, partition) {
let next = from;
enter();
try {
${isGenerator ? `for (let k = 0; k < 2; k++) next = generating[k](from, to, partition, next);` : ''}
if (sieve !== undefined) sift0();
} finally { leave(); }
return next;
},
read(reader, limit) {
enter();
try {
const status = reader.read(${isSource ? stepName(0) : 'undefined'}, limit);
${rethrowCode}
return status;
} finally { leave(); }
},
feed(tuple) {
enter();
try { ${isSource ? `${stepName(0)}(tuple);` : ''} if (sieve !== undefined) sift0(); } finally { leave(); }
},
${(['fireTimers', 'fireClock'] as const)
  .map(
    (name) => `${name}(nowMs, limit) {
enter();
try {
const fired = ${name}(nowMs, limit);
if (sieve !== undefined) sift0();
return fired;
} finally { leave(); }
},`,
  )
  .join('\n')}
deliver() {
enter();
try { ${parts.resident === undefined ? '' : `deliver(${emitName(stage.operators[0], 0)});`} } finally { leave(); }
},
work(nowMs) {
enter();
try { ${parts.resident === undefined ? '' : `state.resume(); resident.work(nowMs, ${emitName(stage.operators[0], 0)}, eachRow);`} }
finally { ${parts.resident === undefined ? '' : 'state.expire();'} leave(); }
},
endGroup(group, fromSlot, limit) {
enter();
try {
const next = endGroup(group, fromSlot, limit);
if (sieve !== undefined) sift0();
return next;
} finally { leave(); }
},
sift(by) { sieve = by; ${holder === undefined ? '' : 'holder.single(by !== undefined);'} },
holder,
expireState() { ${state === undefined ? '' : 'state.expire();'} },
processed: () => processed,
takeCounts,
clearFailure() { failure = undefined; context.removed = false; for (const held of helds) held.length = 0; },
failedAt: () => failure === undefined ? work[${WorkCell.operator}] : failure.at,
endingKey: () => endingKey,
endingSlot: () => endingSlot,
};`;
  return generate(`${name}/step`, constants, body);
}

/** What takes the tuples of the first operator, if that is no closure of the flow's. */
function receivers({ stage, resident, requests }: ProgramParts): Record<string, unknown> {
  if (requests !== undefined) return { closure0_0: requests.take };
  if (resident === undefined) return {};
  return Object.fromEntries(stage.inputs.map((_, input) => [`closure0_${input}`, resident.receive]));
}

/** What closures get as their context. */
function closureContext({ stage, timers, clockTimers, time }: ProgramParts) {
  const context = {
    removed: false,
    remove(): void {
      context.removed = true;
    },
    timers: timers?.forClosures ?? noTimers(stageName(stage)),
    /** For operators of the library. */
    clock: clockTimers?.forClosures,
    timer: undefined,
    /** Up to which time timers are due. */
    untilMs: Number.NEGATIVE_INFINITY,
    expired(): void {
      if (timers !== undefined) timers.expired++;
    },
    /** What is emitted has this time. */
    setTime(atMs: number): void {
      time[TimeCell.inWork] = atMs;
    },
    get time(): number {
      return time[TimeCell.inWork];
    },
  };
  return context;
}
