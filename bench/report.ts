// How results are shown (a table on stdout that names the machine) and kept (JSON, one object per suite).

import { availableParallelism, cpus } from 'node:os';
import { formatFigure, type Result } from './harness.ts';

export interface SuiteReport {
  readonly suite: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly results: readonly Result[];
}

export function suiteReport(suite: string, results: readonly Result[]): SuiteReport {
  const cpu = cpus()[0]?.model.trim() || 'unknown processor';
  return { suite, node: process.version, cpu, cores: availableParallelism(), results };
}

/** The JSON of several suites: an array, or the object itself if there is only one. */
export function toJson(reports: readonly SuiteReport[]): string {
  const plain = reports.map((report) => ({
    ...report,
    results: report.results.map(({ name, unit, value, min, max, runs, target, vs }) => ({
      name,
      unit,
      value,
      min,
      max,
      runs,
      ...(target !== undefined && { target }),
      vs: Object.fromEntries(
        Object.entries(vs).map(([baseline, their]) => [baseline, { value: their.value, ratio: their.ratio }]),
      ),
    })),
  }));
  return `${JSON.stringify(plain.length === 1 ? plain[0] : plain, undefined, 2)}\n`;
}

const COLUMNS = ['result', 'contender', 'median', 'min..max', 'ours is'];

/** What a suite was run on, in words. */
export const machineOf = ({ cpu, cores, node }: Pick<SuiteReport, 'cpu' | 'cores' | 'node'>): string =>
  `${cpu}, ${cores} cores, Node ${node}`;

/** One suite's table. */
export function toTable(report: SuiteReport): string {
  const { suite, results } = report;
  const runs = Math.min(...results.map((result) => result.runs));
  const most = Math.max(...results.map((result) => result.runs));
  const hasTargets = results.some(({ target }) => target !== undefined);
  const columns = hasTargets ? [...COLUMNS, 'target'] : COLUMNS;
  const rows: string[][] = [columns];
  for (const { name, unit, vs, target = '', ...ours } of results) {
    const figure = (value: number): string => formatFigure(value, unit);
    const row = (first: string, contender: string, at: typeof ours, ratio: string): void => {
      const values = [`${figure(at.value)} ${unit}`, `${figure(at.min)}..${figure(at.max)}`];
      rows.push([first, contender, ...values, ratio, ...(hasTargets ? [first && target] : [])]);
    };
    row(name, 'millrace', ours, '');
    for (const [baseline, their] of Object.entries(vs)) {
      row('', baseline, { ...their, runs: ours.runs }, `${formatRatio(their.ratio)} ×`);
    }
  }
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])));
    return cells.join('  ').trimEnd();
  });
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  const runsText = runs === most ? `${runs} runs` : `${runs} runs or more`;
  return [`${suite} on ${machineOf(report)}; median of ${runsText}`, '', ...lines].join('\n');
}

const formatRatio = (ratio: number): string => ratio.toFixed(ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2);
