// The lines of a trace's file, dealt out to partitions: line i, from 0 behind the header, is in partition i mod n.
// Promises: a partition keeps the order of its lines, and goes on at any line after a crash. Each partition goes over the whole file,
// and makes tuples of its own lines only.
// Relies on: readLines, whose readers it opens.

import type { Shape, SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../../src/index.ts';
import { readLines } from '../../../src/sources.ts';
import { columnsOf, some } from '../records.ts';
import type { StreamName } from '../tables.ts';
import { lineParser, type Tuple } from './line-parser.ts';

/** Where the next line begins, and how many are before it, the header among them. */
interface DealtPosition {
  readonly byte: number;
  readonly lines: number;
}

/** @param names of the fields that tuples have */
export function dealtLines(
  path: string,
  stream: StreamName,
  names: readonly string[],
  partitions: number,
): SourceDefinition<Shape, Tuple, DealtPosition> {
  const lines = readLines(path);
  return {
    kind: 'reader',
    fields: some(stream, names),
    files: [path],
    partitions,
    start: { byte: 0, lines: 0 },
    async open(context) {
      const reader = await lines.open({ ...context, position: context.position.byte });
      const parse = lineParser(columnsOf(stream), names);
      return new DealtLines(reader, parse, partitions, context);
    },
  };
}

class DealtLines implements SourceReader<Tuple, DealtPosition> {
  position: DealtPosition;
  readonly #reader: SourceReader<{ line: string }>;
  readonly #parse: (line: string) => Tuple;
  readonly #partitions: number;
  /** The place of this partition's next line, among all lines. */
  #next: number;
  #lines: number;

  constructor(
    reader: SourceReader<{ line: string }>,
    parse: (line: string) => Tuple,
    partitions: number,
    { position, partition }: SourceContext<DealtPosition>,
  ) {
    this.position = position;
    this.#reader = reader;
    this.#parse = parse;
    this.#partitions = partitions;
    this.#lines = position.lines;
    const dealt = Math.max(0, position.lines - 1 - partition);
    this.#next = 1 + partition + Math.ceil(dealt / partitions) * partitions;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    // Of so many lines at most `limit` are this partition's.
    const status = this.#reader.read(({ line }) => {
      if (this.#lines++ !== this.#next) return;
      this.#next += this.#partitions;
      emit(this.#parse(line));
    }, limit * this.#partitions);
    this.position = { byte: this.#reader.position, lines: this.#lines };
    return status;
  }

  close(): void {
    this.#reader.close();
  }
}
