// The view on a terminal: a table of the operators, redrawn in place, and below it the last tuples of each output.
// Promises: a frame is never wider or higher than the terminal; what anyone else prints meanwhile stays readable above it.
// Tuples are counted and only the last are kept: a terminal is no place for millions of lines, and a pipe gets them all.

import { tallyText } from './incident-text.ts';
import { countText, hintLines, operatorTable, progressPart, secondsText, workersText } from './reading-text.ts';
import type { Sample } from './sample.ts';
import { tupleLine } from './tuple-text.ts';
import type { Sheet, Tally, View } from './view.ts';

type Screen = Omit<Sheet, 'on'>;

const EVERY_MS = 250;
/** Tuples of each output below the table while the job runs, and at the end. */
const LIVE_TUPLES = 5;
const FINAL_TUPLES = 20;
const COLUMNS_DEFAULT = 80;
const ROWS_DEFAULT = 24;
/** From here on a character may take two columns. */
const WIDE_FROM = 0x1100;

/** Cuts a line to a width; control characters, which could move the cursor, become dots. */
export function clip(line: string, columns: number): string {
  let width = 0;
  let clipped = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be replaced
  for (const character of line.replace(/\t/g, '  ').replace(/[\x00-\x1f\x7f-\x9f]/g, '·')) {
    const code = character.codePointAt(0) as number;
    width += code < WIDE_FROM || (code >= 0x2500 && code < 0x25a0) ? 1 : 2;
    if (width > columns) return clipped;
    clipped += character;
  }
  return clipped;
}

const NOTHING_YET: Sample = {
  reading: { atMs: 0, elapsedMs: 0, stalled: undefined, hints: [], operators: [] },
  rates: { spanMs: 0, operators: [] },
};

interface Seen {
  count: number;
  last: readonly unknown[];
}

export class LiveView implements View {
  readonly everyMs = EVERY_MS;
  readonly #screen: Screen;
  readonly #flow: string;
  readonly #workers: number;
  readonly #seen: Map<string, Seen>;
  #sample: Sample = NOTHING_YET;
  #tally: Tally = { crashes: 0, restarts: 0, escalations: 0, deadLetters: 0 };
  #notes: string[] = [];
  /** Lines of the frame that stands above the cursor. */
  #drawn = 0;

  constructor(screen: Screen, flow: string, workers: number, outputs: readonly string[]) {
    this.#screen = screen;
    this.#flow = flow;
    this.#workers = workers;
    this.#seen = new Map(outputs.map((output) => [output, { count: 0, last: [] }]));
  }

  tuples(output: string, batch: readonly unknown[]): undefined {
    const seen = this.#seen.get(output) as Seen;
    seen.count += batch.length;
    seen.last = [...seen.last, ...batch.slice(-FINAL_TUPLES)].slice(-FINAL_TUPLES);
  }

  letter(): undefined {}

  progress(sample: Sample, tally: Tally): void {
    this.#sample = sample;
    this.#tally = tally;
    this.#draw(this.#frame());
  }

  note(text: string): void {
    this.#notes.push(text);
    this.#draw(this.#frame());
  }

  log(text: string): void {
    this.pass(() => this.#screen.write(`${clip(`${this.#flow}: ${text}`, Number.POSITIVE_INFINITY)}\n`));
    this.#draw(this.#frame());
  }

  /** Lets text of somebody else pass above the frame. */
  pass(print: () => void): void {
    this.#screen.write(this.#erasure());
    this.#drawn = 0;
    print();
  }

  close(summary: Sample | undefined, tally: Tally): void {
    if (summary === undefined) return;
    const seconds = secondsText(summary.reading.elapsedMs);
    const incidents = tallyText(tally);
    this.#draw([
      `${this.#flow}: done in ${seconds} on ${workersText(this.#workers)}${incidents && `, with ${incidents}`}`,
      ...operatorTable(summary, false),
      ...hintLines(summary),
    ]);
    this.#drawn = 0;
    for (const [output, { count, last }] of this.#seen) {
      const which =
        count > last.length
          ? `${countText(count)} tuples, the last ${last.length} (pipe the command to get all)`
          : `${countText(count)} tuples`;
      this.#screen.write(
        `\n${this.#clipped([`${output}: ${which}`, ...last.map((tuple) => `  ${tupleLine(tuple)}`)])}`,
      );
    }
  }

  #frame(): string[] {
    const { elapsedMs } = this.#sample.reading;
    const incidents = tallyText(this.#tally);
    const lines = [
      `${this.#flow}: ${secondsText(elapsedMs)}, ${workersText(this.#workers)}${progressPart(this.#sample)}${incidents && `, ${incidents}`}`,
      ...operatorTable(this.#sample, true),
    ];
    for (const [output, { count, last }] of this.#seen) {
      lines.push(`${output}: ${countText(count)} tuples`);
      for (const tuple of last.slice(-LIVE_TUPLES)) lines.push(`  ${tupleLine(tuple)}`);
    }
    // A frame as high as the terminal would scroll, and could not be redrawn in place.
    const room = (this.#screen.rows || ROWS_DEFAULT) - 1 - this.#notes.length;
    return [...lines.slice(0, Math.max(1, room)), ...this.#notes];
  }

  #clipped(lines: readonly string[]): string {
    const columns = (this.#screen.columns || COLUMNS_DEFAULT) - 1;
    return lines.map((line) => `${clip(line, columns)}\x1b[K\n`).join('');
  }

  #erasure(): string {
    return this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A\x1b[J`;
  }

  #draw(lines: readonly string[]): void {
    // Each line is overwritten and then cleared to its end: erasing the frame first would flicker.
    const up = this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A`;
    this.#screen.write(`${up}${this.#clipped(lines)}\x1b[J`);
    this.#drawn = lines.length;
  }
}

/** Makes what others print to a stream of the same terminal pass above the view's frame; returns what undoes that. */
export function passAbove(
  view: Pick<LiveView, 'pass'>,
  stream: NodeJS.WriteStream,
  own: (text: string) => boolean,
): () => void {
  const write = stream.write;
  stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
    let isRoomLeft = true;
    view.pass(() => {
      isRoomLeft = write.call(stream, chunk, ...rest);
      if (
        !Buffer.from(chunk as string)
          .toString('latin1')
          .endsWith('\n')
      )
        own('\n');
    });
    return isRoomLeft;
  }) as typeof stream.write;
  return () => {
    stream.write = write;
  };
}
