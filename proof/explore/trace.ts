// A way to a state as a person reads it: one line an operation, with the thread, the function of the library, and cells by name.
// Promises: every operation that another thread, or a recovery, can see is there; reads of what nobody else writes are left out.

import { type LocalState, Operation, operationName } from './local-state.ts';

/** One operation of a thread, or what befell it. */
export interface TraceEntry {
  readonly thread: number;
  readonly incarnation: number;
  readonly at: LocalState;
  readonly result: number;
  /** The cell's value before. */
  readonly before: number;
  readonly event: 'operation' | 'crash' | 'asleep' | 'woken';
}

/** What is needed to tell of a trace. */
export interface TraceNames {
  threadName(thread: number): string;
  cellName(cell: number): string;
  regionName(cell: number): string;
  /** True if other threads use a cell that somebody writes. */
  isShared(cell: number): boolean;
  whereabouts(entry: TraceEntry): string;
}

export interface TraceLine {
  readonly thread: string;
  readonly where: string;
  readonly what: string;
}

const isPlainWrite = ({ at, event }: TraceEntry): boolean =>
  event === 'operation' && (at.operation === Operation.write || at.operation === Operation.writePart);

function atomicText({ at, result, before }: TraceEntry, name: string): string {
  switch (at.operation) {
    case Operation.load:
      return `load ${name}: ${result}`;
    case Operation.store:
      return `store ${name}: ${before} → ${at.operand}`;
    case Operation.compareExchange:
      return `compareExchange ${name}, ${at.second} to ${at.operand}: had ${result}`;
    case Operation.wait:
      return `wait while ${name} is ${at.operand}`;
    case Operation.notify:
      return `notify ${name}: ${result === 0 ? 'nobody' : result} wakes`;
    default:
      return `${operationName(at.operation)} ${name}: ${before}, operand ${at.operand}`;
  }
}

/** Consecutive plain writes of one thread to one buffer in one function make one line. */
function writesText(entries: readonly TraceEntry[], names: TraceNames): string {
  const shown = entries.slice(0, 3).map(({ at }) => `${names.cellName(at.cell)} = ${at.operand}`);
  const more = entries.length - shown.length;
  return `write ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export function traceLines(trace: readonly TraceEntry[], names: TraceNames): TraceLine[] {
  const lines: TraceLine[] = [];
  const nameOf = ({ thread, incarnation }: TraceEntry): string =>
    names.threadName(thread) + (incarnation > 0 ? `′`.repeat(incarnation) : '');
  for (let i = 0; i < trace.length; i++) {
    const entry = trace[i];
    const thread = nameOf(entry);
    const { at, event } = entry;
    if (event === 'crash') lines.push({ thread, where: '', what: 'CRASHES; another thread adopts it' });
    else if (event === 'asleep') {
      lines.push({ thread, where: '', what: `sleeps on ${names.cellName(at.cell)}` });
    } else if (event === 'woken') lines.push({ thread, where: '', what: 'is awake' });
    else if (isPlainWrite(entry)) {
      const where = names.whereabouts(entry);
      const group = [entry];
      while (i + 1 < trace.length) {
        const next = trace[i + 1];
        if (!isPlainWrite(next) || next.thread !== entry.thread) break;
        if (names.regionName(next.at.cell) !== names.regionName(at.cell) || names.whereabouts(next) !== where) break;
        group.push(next);
        i++;
      }
      lines.push({ thread, where, what: writesText(group, names) });
    } else if (at.operation === Operation.read) {
      if (!names.isShared(at.cell)) continue;
      const where = names.whereabouts(entry);
      const group = [entry];
      while (i + 1 < trace.length) {
        const next = trace[i + 1];
        if (next.event !== 'operation' || next.at.operation !== Operation.read || next.thread !== entry.thread) break;
        if (!names.isShared(next.at.cell) || names.whereabouts(next) !== where) break;
        group.push(next);
        i++;
      }
      const last = group.length > 1 ? ` to ${names.cellName(group[group.length - 1].at.cell)}` : `: ${entry.result}`;
      lines.push({ thread, where, what: `read ${names.cellName(at.cell)}${last}` });
    } else if (at.operation === Operation.end) lines.push({ thread, where: '', what: 'ends' });
    else if (at.operation === Operation.fail) lines.push({ thread, where: '', what: `FAILS: ${at.text}` });
    else if (at.operation !== Operation.start && at.operation !== Operation.turn) {
      if (at.operation === Operation.load && !names.isShared(at.cell)) continue;
      lines.push({ thread, where: names.whereabouts(entry), what: atomicText(entry, names.cellName(at.cell)) });
    }
  }
  return lines;
}

const LINE_LENGTH = 110;

/** What a thread does in one function stands in one line, if it fits. */
function joined(lines: readonly TraceLine[]): TraceLine[] {
  const made: TraceLine[] = [];
  for (const line of lines) {
    const last = made[made.length - 1];
    const what = last === undefined ? '' : `${last.what}; ${line.what}`;
    const isSame = last !== undefined && last.thread === line.thread && last.where === line.where && line.where !== '';
    if (isSame && what.length <= LINE_LENGTH) made[made.length - 1] = { ...line, what };
    else made.push(line);
  }
  return made;
}

/** Lines in columns; a thread's name stands where it changes. */
export function traceText(trace: readonly TraceLine[]): string {
  const lines = joined(trace);
  const threads = Math.max(...lines.map(({ thread }) => thread.length));
  const places = Math.min(44, Math.max(...lines.map(({ where }) => where.length)));
  let before = '';
  return lines
    .map(({ thread, where, what }) => {
      const name = thread === before ? '' : thread;
      before = thread;
      return `    ${name.padEnd(threads)}  ${where.padEnd(places)}  ${what}`.trimEnd();
    })
    .join('\n');
}
