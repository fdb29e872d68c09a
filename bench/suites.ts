// All suites, by the names that the command line takes, in the order in which they run.

import type { Effort } from './effort.ts';
import type { Experiment, Measurement } from './harness.ts';
import { micro } from './micro/micro.ts';
import type { Chart } from './plot/chart.ts';
import type { SuiteReport } from './report.ts';
import { csv } from './suites/csv.ts';
import { elasticity } from './suites/elasticity.ts';
import { elasticityCharts } from './suites/elasticity-charts.ts';
import { keyedCount } from './suites/keyed-count.ts';
import { latency } from './suites/latency.ts';
import { mailbox } from './suites/mailbox.ts';
import { recovery } from './suites/recovery.ts';
import { recoveryCharts } from './suites/recovery-charts.ts';
import { wordCount } from './suites/word-count.ts';

type Suite = (effort: Effort) => (Experiment | Measurement)[];

export const suites: Readonly<Record<string, Suite>> = {
  'word-count': wordCount,
  'keyed-count': keyedCount,
  csv,
  mailbox,
  latency,
  elasticity,
  recovery,
  micro,
};

export const suiteNames: readonly string[] = Object.keys(suites);

/** What is plotted of a suite, by the names of the files. */
export const charts: Readonly<Record<string, (report: SuiteReport) => Record<string, Chart>>> = {
  recovery: recoveryCharts,
  elasticity: elasticityCharts,
};

export const charted: readonly string[] = Object.keys(charts);
