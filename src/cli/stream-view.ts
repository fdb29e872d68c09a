// The view without a terminal: every tuple as a line on standard output, progress as lines on standard error, or as one line if that is
// a terminal.
// Promises: whole lines only; a slow reader of standard output slows the job down instead of filling memory.

import type { DeadLetter } from '../supervisor/job/job-api.ts';
import { tallyText } from './incident-text.ts';
import type { LineInPlace } from './line-in-place.ts';
import { hintLines, operatorTable, progressLine, secondsText } from './reading-text.ts';
import type { Sample } from './sample.ts';
import { letterJson, tupleJson, tupleLine } from './tuple-text.ts';
import type { Sheet, Tally, View } from './view.ts';

const LOGGED_EVERY_MS = 1000;
const DRAWN_EVERY_MS = 250;

export interface StreamViewOptions {
  readonly flow: string;
  /** Names of all outputs. */
  readonly outputs: readonly string[];
  readonly json: boolean;
  /** False for no progress, true for how far the sources have come with it. Undefined is for lines without. */
  readonly progress?: boolean | undefined;
  /** Where progress is drawn in place. */
  readonly line?: LineInPlace;
  /** Where the totals go in JSON, if not to where the tuples do. */
  readonly totals?: Pick<Sheet, 'write'>;
}

export class StreamView implements View {
  readonly everyMs: number;
  readonly #out: Sheet;
  readonly #log: Sheet;
  readonly #options: StreamViewOptions;
  readonly #waiting = new Set<() => void>();
  /** Nothing can be written any more, and no room will come. */
  #isBroken = false;

  constructor(out: Sheet, log: Sheet, options: StreamViewOptions) {
    this.#out = out;
    this.#log = log;
    this.#options = options;
    this.everyMs = options.line === undefined ? LOGGED_EVERY_MS : DRAWN_EVERY_MS;
    // A pipe without a reader never drains: run() hears of the error too, and cancels the job.
    out.on('drain', this.#resume);
    out.on('error', () => {
      this.#isBroken = true;
      this.#resume();
    });
  }

  readonly #resume = (): void => {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  };

  tuples(output: string, batch: readonly unknown[]): Promise<void> | undefined {
    const { json, outputs } = this.#options;
    const prefix = outputs.length > 1 ? `${output}\t` : '';
    let text = '';
    for (const tuple of batch) text += json ? `${tupleJson(output, tuple)}\n` : `${prefix}${tupleLine(tuple)}\n`;
    return this.#write(text);
  }

  letter(letter: DeadLetter): Promise<void> | undefined {
    return this.#options.json ? this.#write(`${letterJson(letter)}\n`) : undefined;
  }

  #write(text: string): Promise<void> | undefined {
    if (this.#isBroken || this.#out.write(text)) return undefined;
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  progress(sample: Sample, tally: Tally): void {
    const { flow, line, progress } = this.#options;
    if (progress === false) return;
    const incidents = tallyText(tally);
    const hasProgress = line !== undefined || progress === true;
    const text = `${progressLine(sample, hasProgress)}${incidents && `; ${incidents}`}`;
    if (line === undefined) this.log(text);
    else line.draw(`${flow}: ${text}`);
  }

  log(text: string): void {
    this.#log.write(`${this.#options.flow}: ${text}\n`);
  }

  note(text: string): void {
    this.log(text);
  }

  close(summary: Sample | undefined, tally: Tally): void {
    this.#options.line?.clear();
    if (summary === undefined) return;
    const { json, totals = this.#out } = this.#options;
    if (json)
      totals.write(`${JSON.stringify({ totals: summary.rates, incidents: tally, hints: summary.reading.hints })}\n`);
    this.#log.write(`${operatorTable(summary, false).join('\n')}\n`);
    for (const line of hintLines(summary)) this.note(line);
    const incidents = tallyText(tally);
    this.note(`done in ${secondsText(summary.reading.elapsedMs)}${incidents && ` with ${incidents}`}`);
  }
}
