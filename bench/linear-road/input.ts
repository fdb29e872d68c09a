// The source of Linear Road: the lines of the history file, and then those of the input file, as one stream.
// Promises: every line of history comes before the first line of input, so it is known before anybody asks for it.
// Relies on: readCsv, whose readers it opens and hands on.

import type { SourceDefinition, SourceReader, SourceStatus } from '../../src/index.ts';
import { type CsvPosition, readCsv } from '../../src/sources.ts';
import { type HistoryLine, historyFields, LINE_COLUMNS, type Line, LineType, lineFields } from './records.ts';

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

/** Where a file stands, and which: that of the history comes first. */
interface RoadPosition {
  readonly isPast: boolean;
  readonly at: CsvPosition;
}

const BEGIN: CsvPosition = { byte: 0, lines: 0 };

/** @param history its file, if there is one */
export function roadLines(
  input: string,
  history: string | undefined,
): SourceDefinition<typeof lineFields, Line, unknown> {
  const lines = readCsv(input, lineFields, { columns: LINE_COLUMNS });
  if (history === undefined) return lines;
  const past = readCsv(history, historyFields);
  const both: SourceDefinition<typeof lineFields, Line, RoadPosition> = {
    kind: 'reader',
    fields: lineFields,
    files: [input, history],
    start: { isPast: true, at: BEGIN },
    async open(context) {
      const { isPast, at } = context.position;
      const history = isPast ? await past.open({ ...context, position: at }) : undefined;
      const present = await lines.open({ ...context, position: isPast ? BEGIN : at });
      return new RoadLines(history, present, context.position);
    },
  };
  return both;
}

class RoadLines implements SourceReader<Line, RoadPosition> {
  position: RoadPosition;
  #past: SourceReader<HistoryLine, CsvPosition> | undefined;
  readonly #present: SourceReader<Line, CsvPosition>;

  constructor(
    past: SourceReader<HistoryLine, CsvPosition> | undefined,
    present: SourceReader<Line, CsvPosition>,
    position: RoadPosition,
  ) {
    this.#past = past;
    this.#present = present;
    this.position = position;
  }

  read(emit: (line: Line) => void, limit: number): SourceStatus {
    if (this.#past !== undefined) return this.#readPast(this.#past, emit, limit);
    const status = this.#present.read(emit, limit);
    this.position = { isPast: false, at: this.#present.position };
    return status;
  }

  #readPast(past: SourceReader<HistoryLine, CsvPosition>, emit: (line: Line) => void, limit: number): SourceStatus {
    const status = past.read((line) => emit(historyLine(line)), limit);
    this.position = { isPast: true, at: past.position };
    if (status !== 'end') return status;
    past.close();
    this.#past = undefined;
    this.position = { isPast: false, at: BEGIN };
    return 'more';
  }

  close(): void {
    this.#past?.close();
    this.#present.close();
  }
}
