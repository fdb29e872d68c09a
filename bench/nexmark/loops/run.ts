// Runs a plain loop over the files of a trace, in one thread.
// Promises: each line is judged once, by the watermark of its partition before it: late lines go to `late` and nowhere else. Files
// are read side by side in the order of `seq`. The watermark that steps see is the least of all partitions.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileOf } from '../files.ts';
import { type Layout, partsOf } from '../layouts.ts';
import { type StreamName, tableOf } from '../tables.ts';
import { AuctionFile, BidFile, PersonFile, TextFile } from './lines.ts';
import type { EventFile, Events, Steps } from './loop.ts';
import { loops } from './loops.ts';
import { Rows } from './rows.ts';
import { splitLines } from './split-lines.ts';

export interface LoopOrder {
  readonly table: string;
  /** Folder of the trace's files. */
  readonly input: string;
  /** Folder where `<table>.csv` is written. */
  readonly output: string;
  readonly layout: Layout;
  readonly boundMs: number;
  readonly allowedMs: number;
  /** How lines are read: byte by byte into one object, or by node:readline and split. */
  readonly by: 'bytes' | 'readline';
}

export interface LoopReport {
  /** Lines read, late ones included. */
  readonly lines: number;
  /** Rows written. */
  readonly rows: number;
  readonly elapsedMs: number;
}

/** A stream while it is read. */
interface Reading {
  readonly file: EventFile;
  /** The largest time of each partition so far. */
  readonly newest: Float64Array;
  readonly parts: number;
  deliver(): void;
}

const nothing = (): void => {};

/** Streams whose watermarks are judged together with others: lines have an order of their own. */
const MERGED: readonly StreamName[] = ['persons', 'auctions', 'bids'];

const BY_BYTES: { readonly [Name in StreamName]: (path: string) => EventFile<Events[Name]> } = {
  persons: (path) => new PersonFile(path),
  auctions: (path) => new AuctionFile(path),
  bids: (path) => new BidFile(path),
  lines: (path) => new TextFile(path),
};

/** The step that takes the events of a stream. */
const STEPS = { persons: 'person', auctions: 'auction', bids: 'bid', lines: 'line' } as const;

function openStream<Name extends StreamName>(
  stream: Name,
  path: string,
  by: LoopOrder['by'],
  steps: Steps,
): Pick<Reading, 'file' | 'deliver'> {
  const file: EventFile<Events[Name]> = by === 'bytes' ? BY_BYTES[stream](path) : splitLines(stream, path);
  const take = steps[STEPS[stream]] as ((event: Events[Name]) => void) | undefined;
  return { file, deliver: take === undefined ? nothing : () => take.call(steps, file.event) };
}

/** Reads streams side by side, and tells steps what is on time, what is late, and how late it is. */
class Run {
  lines = 0;
  readonly #readings: Reading[];
  readonly #steps: Steps;
  readonly #from: ReadonlySet<EventFile>;
  readonly #boundMs: number;
  readonly #lateMs: number;
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(readings: Reading[], steps: Steps, from: ReadonlySet<EventFile>, boundMs: number, lateMs: number) {
    this.#readings = readings;
    this.#steps = steps;
    this.#from = from;
    this.#boundMs = boundMs;
    this.#lateMs = lateMs;
  }

  async run(): Promise<void> {
    for (const reading of [...this.#readings]) await this.#refill(reading);
    while (this.#readings.length > 0) {
      const empty = this.#readings.length === 1 ? this.#takeOne(this.#readings[0]) : this.#takeSeveral();
      await this.#refill(empty);
    }
    this.#steps.end?.();
  }

  /** Goes to a first line in the next chunk. */
  async #refill(reading: Reading): Promise<void> {
    if ((await reading.file.fill()) && reading.file.next()) return;
    // A file that has ended holds no watermark back; without any left it is infinite.
    this.#readings.splice(this.#readings.indexOf(reading), 1);
    this.#raise();
  }

  #takeOne(reading: Reading): Reading {
    const { file } = reading;
    do this.#take(reading);
    while (file.next());
    return reading;
  }

  /** The line with the least number of all files, again and again, until a file has no more in its chunk. */
  #takeSeveral(): Reading {
    const readings = this.#readings;
    for (;;) {
      let least = readings[0];
      for (let i = 1; i < readings.length; i++) if (readings[i].file.seq < least.file.seq) least = readings[i];
      this.#take(least);
      if (!least.file.next()) return least;
    }
  }

  #take(reading: Reading): void {
    const { file, newest, parts } = reading;
    const part = parts === 1 ? 0 : file.index % parts;
    const { dateTime } = file;
    this.lines++;
    if (dateTime < newest[part] - this.#lateMs) {
      if (this.#from.has(file)) this.#steps.late?.(file.event);
      return;
    }
    reading.deliver();
    if (dateTime > newest[part]) {
      newest[part] = dateTime;
      this.#raise();
    }
  }

  #raise(): void {
    const { watermark } = this.#steps;
    if (watermark === undefined) return;
    let least = Number.POSITIVE_INFINITY;
    for (const { newest } of this.#readings) for (let i = 0; i < newest.length; i++) least = Math.min(least, newest[i]);
    const timeMs = least - this.#boundMs;
    if (timeMs <= this.#watermark) return;
    this.#watermark = timeMs;
    this.#steps.watermark?.(timeMs);
  }
}

/** Writes one table. */
export async function runLoop(order: LoopOrder): Promise<LoopReport> {
  const startedMs = performance.now();
  const { input, output, layout, boundMs, allowedMs, by } = order;
  const { name, columns, from } = tableOf(order.table);
  const loop = loops[name];
  mkdirSync(output, { recursive: true });
  const rows = new Rows(join(output, `${name}.csv`), columns);
  const steps = loop.open({ rows, input, allowedMs });
  // Merged streams judge each other: also those that the query does not ask for.
  const isMerged = layout === 'merged' && from.every((stream) => MERGED.includes(stream));
  const shared = new Float64Array([Number.NEGATIVE_INFINITY]);
  const parts = partsOf(layout);
  const readings = (isMerged ? MERGED : from).map((stream) => {
    const newest = isMerged ? shared : new Float64Array(parts).fill(Number.NEGATIVE_INFINITY);
    return { ...openStream(stream, fileOf(input, stream), by, steps), newest, parts, stream };
  });
  const asked = new Set(readings.filter(({ stream }) => from.includes(stream)).map(({ file }) => file));
  const run = new Run([...readings], steps, asked, boundMs, boundMs + (loop.allows ? allowedMs : 0));
  try {
    await run.run();
  } finally {
    for (const { file } of readings) await file.close();
    rows.close();
  }
  return { lines: run.lines, rows: rows.count, elapsedMs: performance.now() - startedMs };
}
