// How results are shown (a table on stdout that names the machine) and kept (JSON, one object per suite).

import { aligned } from './columns.ts';
import { type BaselineResult, formatFigure, type Result, type Spread } from './harness.ts';
import type { Machine } from './machine/machine.ts';
import { machineOf } from './machine/machine-name.ts';

export interface SuiteReport {
  readonly suite: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  /** What the machine could do just before. */
  readonly machine: Machine;
  readonly results: readonly Result[];
}

export function suiteReport(suite: string, machine: Machine, results: readonly Result[]): SuiteReport {
  const { node, cpu, cores } = machine;
  return { suite, node, cpu, cores, machine, results };
}

const plainBaseline = ({ value, min, max, ratio, ratioMin, ratioMax }: BaselineResult) => ({
  value,
  min,
  max,
  ratio,
  ratioMin,
  ratioMax,
});

/** The JSON of several suites: an array, or the object itself if there is only one. */
export function toJson(reports: readonly SuiteReport[]): string {
  const plain = reports.map((report) => ({
    ...report,
    results: report.results.map(({ name, unit, value, min, max, p99, runs, target, vs }) => ({
      name,
      unit,
      value,
      min,
      max,
      ...(p99 !== undefined && { p99 }),
      runs,
      ...(target !== undefined && { target }),
      vs: Object.fromEntries(Object.entries(vs).map(([baseline, their]) => [baseline, plainBaseline(their)])),
    })),
  }));
  return `${JSON.stringify(plain.length === 1 ? plain[0] : plain, undefined, 2)}\n`;
}

const COLUMNS = ['result', 'contender', 'median', 'min..max', 'ours is'];

/** One suite's table. */
export function toTable(report: SuiteReport): string {
  const { suite, results } = report;
  const runs = Math.min(...results.map((result) => result.runs));
  const most = Math.max(...results.map((result) => result.runs));
  const hasTargets = results.some(({ target }) => target !== undefined);
  const rows: string[][] = [hasTargets ? [...COLUMNS, 'target'] : COLUMNS];
  for (const result of results) {
    const { name, unit, vs, target = '' } = result;
    const row = (first: string, contender: string, at: Spread, ratio: string): void => {
      const values = [`${formatFigure(at.value, unit)} ${unit}`, formatRange(at.min, at.max, unit)];
      rows.push([first, contender, ...values, ratio, ...(hasTargets ? [first && target] : [])]);
    };
    row(name, 'millrace', result, '');
    for (const [baseline, their] of Object.entries(vs)) row('', baseline, their, `${formatRatio(their.ratio)} ×`);
  }
  const [head, ...lines] = aligned(rows, 2);
  const runsText = runs === most ? `${runs} runs` : `${runs} runs or more`;
  const title = `${suite} on ${machineOf(report)}; median of ${runsText}`;
  const rule = '-'.repeat(Math.max(head.length, ...lines.map(({ length }) => length)));
  return [title, '', head, rule, ...lines].join('\n');
}

/** A range of figures of one unit. */
export const formatRange = (min: number, max: number, unit: string): string =>
  `${formatFigure(min, unit)}..${formatFigure(max, unit)}`;

export const formatRatio = (ratio: number): string =>
  ratio.toFixed(ratio >= 100 ? 0 : ratio >= 10 ? 1 : ratio >= 0.1 ? 2 : 4);
