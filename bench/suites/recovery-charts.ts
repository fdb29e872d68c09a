// The plots of the `recovery` suite, made from its results alone.

import type { Spread } from '../harness.ts';
import { machineOf } from '../machine/machine-name.ts';
import type { Chart, Point, Series } from '../plot/chart.ts';
import type { SuiteReport } from '../report.ts';
import { STATE_SIZES } from './recovery-crashes.ts';
import { RATES } from './recovery-replay.ts';
import { WINDOWED_RATES } from './recovery-windows.ts';

const TARGET_MS = 10;

/** The charts, by the names of their files. */
export function recoveryCharts(report: SuiteReport): Record<string, Chart> {
  const resultOf = (name: string): SuiteReport['results'][number] | undefined =>
    report.results.find((result) => result.name === name);
  const subtitle = `${machineOf(report)}; npm run bench -- recovery`;
  const pointAt = (x: number, spread: Spread | undefined): Point[] =>
    spread === undefined ? [] : [{ x, y: spread.value, min: spread.min, max: spread.max }];
  const byRate = (title: string, unit: string, y: string, rates: typeof RATES): Chart => {
    const theirs = (name: string): Series => ({
      name: name.replace('-', ' '),
      points: rates.flatMap(({ ratePerSecond, result }) => pointAt(ratePerSecond, resultOf(result)?.vs[name])),
    });
    const ours = rates.flatMap(({ ratePerSecond, result }) => pointAt(ratePerSecond, resultOf(result)));
    return {
      title,
      subtitle,
      x: { title: 'input rate', unit, scale: 'log' },
      panels: [
        {
          y: { title: y, unit: 'ms', scale: 'log' },
          series: [{ name: 'millrace', points: ours }, theirs('upstream-backup'), theirs('source-replay')],
        },
      ],
    };
  };
  return {
    'recovery-state-size': {
      title: 'Recovery time against state size',
      subtitle,
      x: { title: 'keys in the state', scale: 'log' },
      panels: [
        {
          y: { title: 'crash to first commit, medians of runs', unit: 'ms' },
          series: [
            { name: 'millrace', points: STATE_SIZES.flatMap(({ keys, result }) => pointAt(keys, resultOf(result))) },
          ],
          references: [{ y: TARGET_MS, label: `target: ${TARGET_MS} ms` }],
        },
      ],
    },
    'recovery-rate': byRate('Recovery time against input rate', 'tuples/s', 'crash to first new result', RATES),
    'recovery-windows': byRate(
      'Windowed word count: recovery time against input rate',
      'words/s',
      'crash to words beyond it counted',
      WINDOWED_RATES,
    ),
  };
}
