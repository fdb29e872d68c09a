// Persons, auctions and bids as one partition, in the order in which they arrived: that of `seq`.
// Promises: each event once, in order; goes on at any event after a crash. An event's `kind` says which stream it is of; fields of other
// streams are 0 or empty.
// Relies on: `seq` ascends within each file. readLines, whose readers it opens.

import { type Shape, type SourceDefinition, type SourceReader, type SourceStatus, t } from '../../../src/index.ts';
import { readLines } from '../../../src/sources.ts';
import { columnsOf, emptyOf, some } from '../records.ts';
import type { StreamName } from '../tables.ts';
import { lineParser, numberOf, type Tuple } from './line-parser.ts';

/** The streams that are merged; an event's `kind` is a place in this list. */
export const MERGED: readonly StreamName[] = ['persons', 'auctions', 'bids'];

/** For each file: where the lines begin that were read ahead last, and how many of them have been emitted. */
type MergedPosition = readonly number[];

/** Lines of a file that are read ahead. */
const AHEAD_LINES = 256;
/** Behind the header. */
const BEGIN = [0, 1];

/** @param names the fields that are asked for, of each stream; `seq` is not needed for the order */
export function mergedLines(
  pathOf: (stream: StreamName) => string,
  names: Readonly<Partial<Record<StreamName, readonly string[]>>>,
): SourceDefinition<Shape, Tuple, MergedPosition> {
  const paths = MERGED.map(pathOf);
  const sources = paths.map((path) => readLines(path));
  const fields: Shape = Object.assign({ kind: t.u8() }, ...MERGED.map((stream) => some(stream, names[stream] ?? [])));
  const rest = Object.fromEntries(Object.keys(fields).map((name) => [name, emptyOf(name)]));
  return {
    kind: 'reader',
    fields,
    files: paths,
    start: MERGED.flatMap(() => BEGIN),
    async open(context) {
      const files: Ahead[] = [];
      for (const [kind, stream] of MERGED.entries()) {
        const [byte, taken] = context.position.slice(2 * kind);
        const reader = await sources[kind].open({ ...context, position: byte });
        files.push(new Ahead(reader, taken, lineParser(columnsOf(stream), names[stream] ?? [], { ...rest, kind })));
      }
      return new MergedLines(files, context.position);
    },
  };
}

/** The lines of a file, some of them read ahead. */
class Ahead {
  /** Number of the next line; Infinity at the end of the file. */
  seq = -1;
  readonly parse: (line: string) => Tuple;
  readonly #reader: SourceReader<{ line: string }>;
  readonly #lines: string[] = [];
  #byte: number;
  /** Lines behind #byte that have been emitted: all of those that are held up to there, and before any are held. */
  #taken: number;

  constructor(reader: SourceReader<{ line: string }>, taken: number, parse: (line: string) => Tuple) {
    this.#reader = reader;
    this.#byte = reader.position;
    this.#taken = taken;
    this.parse = parse;
  }

  get byte(): number {
    return this.#byte;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Makes a next line ready, if there is none; false if it has to be waited for. */
  ready(): boolean {
    if (this.seq >= 0) return true;
    while (this.#taken >= this.#lines.length) {
      this.#taken -= this.#lines.length;
      this.#lines.length = 0;
      this.#byte = this.#reader.position;
      const status = this.#reader.read(({ line }) => void this.#lines.push(line), AHEAD_LINES);
      if (this.#lines.length > 0 || status === 'more') continue;
      if (status === 'end') this.seq = Number.POSITIVE_INFINITY;
      return status === 'end';
    }
    this.seq = numberOf(this.#lines[this.#taken]);
    return true;
  }

  take(): Tuple {
    this.seq = -1;
    return this.parse(this.#lines[this.#taken++]);
  }

  close(): void {
    this.#reader.close();
  }
}

class MergedLines implements SourceReader<Tuple, MergedPosition> {
  position: MergedPosition;
  readonly #files: readonly Ahead[];

  constructor(files: readonly Ahead[], position: MergedPosition) {
    this.#files = files;
    this.position = position;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    const status = this.#read(emit, limit);
    this.position = this.#files.flatMap(({ byte, taken }) => [byte, taken]);
    return status;
  }

  #read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    for (let left = limit; left > 0; left--) {
      let least: Ahead | undefined;
      for (const file of this.#files) {
        if (!file.ready()) return 'wait';
        if (least === undefined || file.seq < least.seq) least = file;
      }
      if (least === undefined || least.seq === Number.POSITIVE_INFINITY) return 'end';
      emit(least.take());
    }
    return 'more';
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}
