// What has come out of the joins of a chaos run in event time, against the loops of the simulation (proof/simulate/join-expected.ts).
// Promises: a row or a dead letter that is lost, doubled or wrong is found, and windows of a key that come out of order.

import type { JoinCase } from '../simulate/join-case.ts';
import { joinedOf } from '../simulate/join-expected.ts';
import { endsProblems, lookupProblems } from '../simulate/join-verdict.ts';
import { type Result, resultName, type Timed } from '../simulate/time-steps.ts';
import type { Violations } from './oracle.ts';
import { joinName } from './time-joins.ts';

export class JoinOracle {
  private readonly found: readonly Result[][];
  private readonly letters: string[] = [];
  private readonly joins: readonly JoinCase[];
  private readonly violations: Violations;

  constructor(joins: readonly JoinCase[], violations: Violations) {
    this.joins = joins;
    this.violations = violations;
    this.found = joins.map(() => []);
  }

  see(join: number, row: Result): void {
    this.found[join].push(row);
  }

  seeLetter(operator: string, message: string): void {
    this.letters.push(`${operator}: ${message}`);
  }

  /** The end. @param lefts all that was on time, each partition's in order; @param rights the same */
  finish(lefts: readonly Timed[], rights: readonly Timed[]): void {
    const letters: string[] = [];
    this.joins.forEach((join, index) => {
      const name = joinName(join, index);
      const found = this.found[index];
      if ('removesEvery' in join) {
        for (const problem of lookupProblems(join, found, lefts, rights))
          this.violations.add('wrongState', `${name}: ${problem}`);
        return;
      }
      const { rows, failed } = joinedOf(join, lefts, rights);
      letters.push(...failed.map((message) => `${name}: ${message}`));
      const expected = rows.map(({ result }) => resultName(result));
      this.compare(name, found.map(resultName), expected);
      if (join.kind === 'joinedSlices' || join.kind === 'joinedSessions')
        for (const problem of endsProblems(found)) this.violations.add('reordered', `${name}: ${problem}`);
    });
    this.compare('dead letters', this.letters, letters);
  }

  /** Each once, in any order. */
  private compare(where: string, found: readonly string[], expected: readonly string[]): void {
    const missing = new Map<string, number>();
    for (const name of expected) missing.set(name, (missing.get(name) ?? 0) + 1);
    const isExpected = new Set(expected);
    for (const name of found) {
      const left = missing.get(name) ?? 0;
      if (left > 0) missing.set(name, left - 1);
      else if (isExpected.has(name)) this.violations.add('doubled', `${where}: ${name} came too often`);
      else this.violations.add('other', `${where}: ${name} came, and should not`);
    }
    for (const [name, left] of missing)
      if (left > 0) this.violations.add('lost', `${where}: ${name} did not come`, left);
  }
}
