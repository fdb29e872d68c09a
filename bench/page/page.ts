// The page that a run ends with: what the machine can do by itself, then all results by what a user asks.
// Promises: every result of the reports is on it, also one that questions.ts does not name yet.

import { aligned } from '../columns.ts';
import type { Effort } from '../effort.ts';
import { formatFigure, type Result } from '../harness.ts';
import { type Machine, machineLines } from '../machine/machine.ts';
import { formatRange, formatRatio, type SuiteReport } from '../report.ts';
import { type Answer, questions } from './questions.ts';

export interface PageOrder {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly tookMs: number;
  readonly reports: readonly SuiteReport[];
}

const COLUMNS = ['', 'Millrace', 'min..max', 'against', 'theirs', 'ours is', 'min..max', 'moves with'];
/** Of the last column: not a figure. */
const GAP = '  ';
const UNNAMED = 'And also';

const NOTES: Readonly<Record<Effort, string | undefined>> = {
  quick: '--quick: the runs are too short for these figures to mean much.',
  usual: 'Fewer and shorter runs than --full, which published figures come from.',
  full: undefined,
};

/** A result's rows: the first has its own figures, each has one baseline, and the last one what is wanted. */
function rowsOf(result: Result, says: string, movesWith: readonly string[]): string[][] {
  const { unit, value, min, max, vs, target } = result;
  const figure = (of: number): string => `${formatFigure(of, unit)} ${unit}`;
  const range = result.runs > 1 ? formatRange(min, max, unit) : '';
  const own = (first: boolean): string[] => (first ? [says, figure(value), range] : ['', '', '']);
  const rows = Object.entries(vs).map(([baseline, their], i) => [
    ...own(i === 0),
    baseline,
    figure(their.value),
    `${formatRatio(their.ratio)} ×`,
    their.ratioMin < their.ratioMax ? `${formatRatio(their.ratioMin)}..${formatRatio(their.ratioMax)}` : '',
    i === 0 ? movesWith.join(', ') : '',
  ]);
  const wanted = target === undefined ? '' : `wanted: ${target}`;
  if (rows.length === 0) return [[...own(true), wanted, '', '', '', movesWith.join(', ')]];
  if (wanted !== '') rows.push([...own(false), wanted, '', '', '', '']);
  return rows;
}

export function page({ machine, effort, tookMs, reports }: PageOrder): string {
  const left = new Map(reports.flatMap(({ suite, results }) => results.map((each) => [`${suite}/${each.name}`, each])));
  const take = ({ of, says, movesWith }: Answer): string[][] => {
    const result = left.get(of);
    left.delete(of);
    return result === undefined ? [] : rowsOf(result, says, movesWith);
  };
  const sections = questions.map(({ asks, answers }) => ({ asks, rows: answers.flatMap(take) }));
  sections.push({ asks: UNNAMED, rows: [...left].flatMap(([of, result]) => rowsOf(result, of, [])) });
  const shown = sections.filter(({ rows }) => rows.length > 0);

  const lines = lay([COLUMNS, ...shown.flatMap(({ rows }) => rows)]);
  const text = [lines[0]];
  let at = 1;
  for (const { asks, rows } of shown) {
    text.push('', asks, ...lines.slice(at, at + rows.length));
    at += rows.length;
  }
  const suites = reports.map(({ suite }) => suite).join(', ');
  return [
    'The machine',
    ...machineLines(machine),
    '',
    'The results: medians; above 1 × Millrace is the better one',
    ...text,
    '',
    `${suites}: ${(tookMs / 1000).toFixed(0)} s in all. ${NOTES[effort] ?? ''}`.trimEnd(),
  ].join('\n');
}

/** Text columns begin at the left, figures end at the right. */
function lay(rows: readonly (readonly string[])[]): string[] {
  const part = (from: number, to: number, leftmost: number): string[] =>
    padded(
      aligned(
        rows.map((row) => row.slice(from, to)),
        leftmost,
      ),
    );
  const [own, theirs] = [part(0, 3, 1), part(3, 7, 1)];
  return rows.map((row, i) => [`  ${own[i]}`, theirs[i], row[7]].join(GAP).trimEnd());
}

function padded(lines: readonly string[]): string[] {
  const width = Math.max(...lines.map(({ length }) => length));
  return lines.map((line) => line.padEnd(width));
}
