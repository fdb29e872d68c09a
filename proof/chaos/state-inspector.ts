// Looks at the state of the keyed operators through job.state(): at single rows while the job runs, at all of them at its end.
// Promises: a row that is torn, older than what came out before it was asked for, or that shows an effect which can never be
// committed is a violation; so is any difference to the oracle's model at the end.

import { isDeepStrictEqual } from 'node:util';
import type { Job } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';
import {
  GROUPS,
  idOf,
  KEYS,
  keyNumber,
  keyOfUid,
  keyText,
  PUSHED_KEYS,
  RECENT,
  sequenceOf,
  textOf,
} from './numbering.ts';
import type { CountRow, Oracle, Violations } from './oracle.ts';
import type { Victims } from './victims.ts';

const EVERY_MS = 10;
/** Every how many looks all rows are read. */
const ALL_EVERY = 100;

export class StateInspector {
  /** Rows read while the job ran. */
  reads = 0;
  private readonly job: Job;
  private readonly oracle: Oracle;
  private readonly victims: Victims;
  private readonly violations: Violations;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(job: Job, oracle: Oracle, victims: Victims, violations: Violations) {
    this.job = job;
    this.oracle = oracle;
    this.victims = victims;
    this.violations = violations;
  }

  start(seed: number): void {
    this.running = this.look(new Random(seed));
    this.running.catch((error: unknown) => this.violations.add('other', `a query of state failed: ${error}`));
  }

  /** Resolves when the query in work is answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async look(random: Random): Promise<void> {
    const state = this.job.state<CountRow>('count');
    while (!this.stopped) {
      if (random.below(ALL_EVERY) === 0) {
        for await (const { key, value } of state.entries()) this.check(keyNumber(String(key.key)), value, 0);
      } else {
        const key = random.below(KEYS);
        const next = this.oracle.nextOf(key);
        const row = await state.get(keyText(key));
        if (row !== undefined) this.check(key, row, next);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** @param next the place behind the last tuple that had come out when the row was asked for */
  private check(key: number, row: CountRow, next: number): void {
    this.reads++;
    const { count, uid, last, recent } = row;
    const newest = recent.find(({ place }) => place === count % RECENT);
    const isWhole = keyOfUid(uid) === key && last === textOf(idOf(uid)) && newest?.uid === uid;
    const problem = !isWhole
      ? 'is torn'
      : sequenceOf(uid) < next - 1
        ? `is older than tuple ${next - 1}, which had come out`
        : this.victims.isPoison('count', uid)
          ? 'shows the effect of a tuple that failed'
          : undefined;
    if (problem === undefined) return;
    this.violations.add('wrongState', `the row of '${keyText(key)}' ${problem}: ${JSON.stringify(row)}`);
  }

  /** Compares all rows with what the oracle expects. The job has ended, and the oracle has finished. */
  async finish(): Promise<void> {
    const rows = new Map<number, CountRow>();
    for await (const { key, value } of this.job.state<CountRow>('count').entries()) {
      rows.set(keyNumber(String(key.key)), value);
    }
    for (let key = 0; key < KEYS + PUSHED_KEYS; key++) {
      const expected = this.oracle.rowOf(key);
      if (expected !== 'unknown') this.compare(`the row of '${keyText(key)}'`, sorted(rows.get(key)), sorted(expected));
    }
    const state = this.job.state<{ tuples: number; total: number }>('total');
    for (let group = 0; group < GROUPS; group++) {
      const expected = this.oracle.groupRowOf(group);
      const row = await state.get(group);
      this.compare(`the row of group ${group}`, row ?? { tuples: 0, total: 0 }, expected);
    }
  }

  private compare(what: string, found: unknown, expected: unknown): void {
    if (isDeepStrictEqual(found, expected)) return;
    this.violations.add(
      'wrongState',
      `at the end ${what} is ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`,
    );
  }
}

/** Rows of a table come in no order. */
const sorted = (row: CountRow | undefined): CountRow | undefined =>
  row && { ...row, recent: [...row.recent].sort((one, other) => one.place - other.place) };
