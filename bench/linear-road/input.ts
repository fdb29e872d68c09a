// The source of Linear Road: the lines of the history file, and then those of the input file, as one stream.
// Promises: every line of history comes before the first line of input, so it is known before anybody asks for it.
// Relies on: readCsv, whose readers it opens and hands on; a file has less than 2^50 bytes.

import type { SourceContext, SourceDefinition, SourceReader, SourceStatus } from '../../src/index.ts';
import { readCsv } from '../../src/sources.ts';
import { type HistoryLine, historyFields, LINE_COLUMNS, type Line, LineType, lineFields } from './records.ts';

/** Added to positions in the input file. */
const INPUT_FROM = 2 ** 50;

/** A line of history as a line of the input: its toll takes the place of a query's number. */
export const historyLine = ({ vid, day, xway, toll }: HistoryLine): Line => ({
  type: LineType.history,
  time: 0,
  vid,
  speed: 0,
  xway,
  lane: 0,
  direction: 0,
  segment: 0,
  position: 0,
  query: toll,
  day,
});

/** @param history its file, if there is one */
export function roadLines(input: string, history: string | undefined): SourceDefinition<typeof lineFields> {
  const lines = readCsv(input, lineFields, { columns: LINE_COLUMNS });
  if (history === undefined) return lines;
  const past = readCsv(history, historyFields);
  return {
    kind: 'reader',
    fields: lineFields,
    files: [input, history],
    async open(context) {
      const isPast = context.position < INPUT_FROM;
      const present = isPast
        ? { ...context, position: 0, aux: 0 }
        : { ...context, position: context.position - INPUT_FROM };
      return new RoadLines(isPast ? await past.open(context) : undefined, await lines.open(present), context);
    },
  };
}

class RoadLines implements SourceReader<Line> {
  position: number;
  aux: number;
  #past: SourceReader<HistoryLine> | undefined;
  readonly #present: SourceReader<Line>;

  constructor(
    past: SourceReader<HistoryLine> | undefined,
    present: SourceReader<Line>,
    { position, aux }: SourceContext,
  ) {
    this.#past = past;
    this.#present = present;
    this.position = position;
    this.aux = aux;
  }

  read(emit: (line: Line) => void, limit: number): SourceStatus {
    if (this.#past !== undefined) return this.#readPast(this.#past, emit, limit);
    const status = this.#present.read(emit, limit);
    this.position = this.#present.position + INPUT_FROM;
    this.aux = this.#present.aux;
    return status;
  }

  #readPast(past: SourceReader<HistoryLine>, emit: (line: Line) => void, limit: number): SourceStatus {
    const status = past.read((line) => emit(historyLine(line)), limit);
    this.position = past.position;
    this.aux = past.aux;
    if (status !== 'end') return status;
    past.close();
    this.#past = undefined;
    this.position = INPUT_FROM;
    this.aux = 0;
    return 'more';
  }

  close(): void {
    this.#past?.close();
    this.#present.close();
  }
}
