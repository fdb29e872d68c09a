// The view without a terminal: every tuple as a line on standard output, progress as lines on standard error.
// Promises: whole lines only; a slow reader of standard output slows the job down instead of filling memory.

import type { JobMetrics } from '../supervisor/job-api.ts';
import { operatorTable, progressLine, secondsText } from './metrics-text.ts';
import { tupleJson, tupleLine } from './tuple-text.ts';
import type { Sheet, View } from './view.ts';

export interface StreamViewOptions {
  readonly flow: string;
  /** Names of all outputs. */
  readonly outputs: readonly string[];
  readonly json: boolean;
}

export class StreamView implements View {
  readonly everyMs = 1000;
  readonly #out: Sheet;
  readonly #log: Sheet;
  readonly #options: StreamViewOptions;
  readonly #waiting = new Set<() => void>();

  constructor(out: Sheet, log: Sheet, options: StreamViewOptions) {
    this.#out = out;
    this.#log = log;
    this.#options = options;
    // A pipe without a reader never drains: run() hears of the error too, and cancels the job.
    out.on('drain', this.#resume);
    out.on('error', this.#resume);
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
    if (this.#out.write(text)) return undefined;
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  progress(metrics: JobMetrics): void {
    this.#log.write(`${this.#options.flow}: ${progressLine(metrics)}\n`);
  }

  note(text: string): void {
    this.#log.write(`${this.#options.flow}: ${text}\n`);
  }

  close(summary: JobMetrics | undefined): void {
    if (summary === undefined) return;
    if (this.#options.json) this.#out.write(`${JSON.stringify({ metrics: summary })}\n`);
    this.#log.write(`${operatorTable(summary, false).join('\n')}\n`);
    this.note(`done in ${secondsText(summary.elapsedMs)}`);
  }
}
