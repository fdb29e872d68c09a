// The verifier: whether the answers of a run are the expected ones, as sets of lines, whatever their order and emit times.
// Promises: a line that is missing, too much, doubled or wrong is counted, and the first few are shown.
// Relies on: the files' format. A balance is right if it was at some instant of its last minute; those are listed in a file.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ANSWER_FILES } from './records.ts';

/** Differences that are shown of each file. */
const SHOWN_MAX = 5;

export interface Difference {
  readonly file: string;
  /** Lines of the run. */
  readonly lines: number;
  readonly missing: number;
  readonly unexpected: number;
  readonly examples: readonly string[];
}

export const isRight = ({ missing, unexpected }: Difference): boolean => missing === 0 && unexpected === 0;

/** The lines of a file, or of the same one with `.gz`. */
function linesOf(folder: string, name: string): string[] {
  const path = join(folder, name);
  const text = existsSync(path)
    ? readFileSync(path, 'latin1')
    : gunzipSync(readFileSync(`${path}.gz`)).toString('latin1');
  return text.split('\n').filter((line) => line !== '');
}

/** The place of the emit time in each kind of line. */
const EMIT_AT: Readonly<Record<string, number>> = { 0: 3, 1: 2, 2: 2, 3: 2 };

/** A line without its emit time. */
function withoutEmit(line: string): string {
  const fields = line.split(',');
  fields.splice(EMIT_AT[fields[0]], 1);
  return fields.join();
}

function compare(file: string, answers: readonly string[], expected: readonly string[]): Difference {
  const left = new Map<string, number>();
  for (const line of expected) left.set(line, (left.get(line) ?? 0) + 1);
  const unexpected: string[] = [];
  for (const line of answers) {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    else unexpected.push(line);
  }
  const missing = [...left].filter(([, count]) => count > 0);
  return {
    file,
    lines: answers.length,
    missing: missing.reduce((sum, [, count]) => sum + count, 0),
    unexpected: unexpected.length,
    examples: [
      ...missing.slice(0, SHOWN_MAX).map(([line]) => `missing ${line}`),
      ...unexpected.slice(0, SHOWN_MAX).map((line) => `unexpected ${line}`),
    ],
  };
}

/** Balances: each query once, with one of the accepted values. */
function compareBalances(file: string, answers: readonly string[], expected: readonly string[], accepted: Set<string>) {
  const asked = (line: string): string => {
    const [kind, time, query] = line.split(',');
    return `${kind},${time},${query}`;
  };
  const wrong: string[] = [];
  for (const line of answers) {
    const [, , query, , balance] = line.split(',');
    if (!accepted.has(`${query},${balance}`)) wrong.push(line);
  }
  const difference = compare(file, answers.map(asked), expected.map(asked));
  return {
    ...difference,
    unexpected: difference.unexpected + wrong.length,
    examples: [...difference.examples, ...wrong.slice(0, SHOWN_MAX).map((line) => `not accepted ${line}`)],
  };
}

/** Compares the answers of a run with the expected ones, file by file. */
export function verify(answers: string, expected: string): Difference[] {
  return ANSWER_FILES.map((name) => {
    const given = linesOf(answers, name).map(withoutEmit);
    const wanted = linesOf(expected, name).map(withoutEmit);
    if (name !== 'balances.csv') return compare(name, given, wanted);
    return compareBalances(name, given, wanted, new Set(linesOf(expected, 'balances_ok.csv')));
  });
}
