// Dead letters that nobody has read, by operator: what is told of them on standard error.
// Promises: counts every letter and keeps the first of each operator; once somebody reads letters, there is nothing to tell.

import { show } from '../../../errors.ts';
import type { DeadLetter } from '../job-api.ts';
import { stackText } from './notices.ts';

interface OfOperator {
  readonly first: DeadLetter;
  count: number;
  isTold: boolean;
}

const REMEDY =
  "Read job.deadLetters, listen to the event 'deadLetter', let the operator fail the job by failure: 'stop', or run with notices: false";

const counted = (count: number): string =>
  count === 1 ? '1 dead letter' : `${count.toLocaleString('en-US')} dead letters`;

function causeText({ error, key, position }: DeadLetter): string {
  const { code } = error as { code?: unknown };
  const atKey = key === undefined ? '' : `, key ${show(key)}`;
  return `${typeof code === 'string' ? code : error.name}: ${error.message} (at ${position}${atKey})`;
}

export class UnreadLetters {
  readonly #job: string;
  readonly #operators = new Map<string, OfOperator>();
  #isRead = false;

  constructor(job: string) {
    this.#job = job;
  }

  /** Somebody reads the letters, or has. */
  read(): void {
    this.#isRead = true;
  }

  add(letter: DeadLetter): void {
    const known = this.#operators.get(letter.operator);
    if (known === undefined) this.#operators.set(letter.operator, { first: letter, count: 1, isTold: false });
    else known.count++;
  }

  /** What is to be told while the job runs: the first letter of each operator, once. */
  takeFirsts(): { text: string; stack: string | undefined }[] {
    if (this.#isRead) return [];
    return [...this.#operators].flatMap(([operator, known]) => {
      if (known.isTold) return [];
      known.isTold = true;
      const { first } = known;
      const text = `operator '${operator}' of job '${this.#job}' failed, and left out what it failed at as a dead letter: ${causeText(first)}. ${REMEDY}`;
      return [{ text, stack: stackText(first.error) }];
    });
  }

  /** What is to be told when the job has ended; undefined if there is nothing. */
  summary(): { text: string; stack: string | undefined } | undefined {
    if (this.#isRead || this.#operators.size === 0) return undefined;
    const all = [...this.#operators];
    const total = all.reduce((sum, [, { count }]) => sum + count, 0);
    const each = all.map(([operator, { count, first, isTold }]) => {
      const cause = isTold ? '' : `, the first with ${causeText(first)}`;
      return `${count.toLocaleString('en-US')} by operator '${operator}'${cause}`;
    });
    const text = `job '${this.#job}' has ended with ${counted(total)} that nobody has read: ${each.join('; ')}. ${REMEDY}`;
    const untold = all.find(([, { isTold }]) => !isTold);
    return { text, stack: untold && stackText(untold[1].first.error) };
  }
}
