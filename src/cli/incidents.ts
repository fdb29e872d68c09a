// What went wrong while a job ran: counts it, and tells the view of it as it happens.
// Promises: of any number of dead letters a few are shown, all are counted; with `verbose` crashes come as full reports.
// Relies on: every event of the job, and every dead letter, is handed in once.

import type { NameOf } from '../supervisor/job/events/event-text.ts';
import type { Occurrence } from '../supervisor/job/events/job-event.ts';
import type { DeadLetter } from '../supervisor/job/job-api.ts';
import { renderCrashReport } from '../supervisor/recovery/crash-report.ts';
import { incidentLine, letterLine } from './incident-text.ts';
import { secondsText } from './reading-text.ts';
import type { Tally, View } from './view.ts';

/** Dead letters that are shown before they are only counted. */
const LETTERS_SHOWN = 5;

export interface IncidentOptions {
  readonly nameOf: NameOf;
  readonly verbose: boolean;
  /** Since the job was started. */
  elapsedMs(): number;
}

export class Incidents {
  readonly #view: View;
  readonly #options: IncidentOptions;
  #tally: Tally = { crashes: 0, restarts: 0, escalations: 0, deadLetters: 0 };

  constructor(view: View, options: IncidentOptions) {
    this.#view = view;
    this.#options = options;
  }

  get tally(): Tally {
    return this.#tally;
  }

  hear(event: Occurrence): void {
    const { nameOf, verbose } = this.#options;
    const { crashes, restarts, escalations } = this.#tally;
    if (event.type === 'crash') this.#tally = { ...this.#tally, crashes: crashes + 1 };
    else if (event.type === 'restart') this.#tally = { ...this.#tally, restarts: restarts + 1 };
    else if (event.type === 'escalation') this.#tally = { ...this.#tally, escalations: escalations + 1 };
    // An adoption says little more than the restarts that follow it.
    const line = event.type === 'adoption' && !verbose ? undefined : incidentLine(event, nameOf);
    if (line !== undefined) this.#log(line);
    if (event.type === 'crash' && verbose) {
      for (const row of renderCrashReport(event.report).split('\n')) this.#view.log(row);
    }
  }

  /** Takes a dead letter. What it returns resolves when there is room for more. */
  letter(letter: DeadLetter): Promise<void> | undefined {
    const deadLetters = this.#tally.deadLetters + 1;
    this.#tally = { ...this.#tally, deadLetters };
    if (deadLetters <= LETTERS_SHOWN) this.#log(letterLine(letter));
    if (deadLetters === LETTERS_SHOWN + 1)
      this.#log('dead letters: more are counted, but not shown (--json prints them all)');
    return this.#view.letter(letter);
  }

  #log(line: string): void {
    this.#view.log(`${secondsText(this.#options.elapsedMs())}: ${line}`);
  }
}
