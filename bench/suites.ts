// All suites, by the names that the command line takes, in the order in which they run.

import type { Effort } from './effort.ts';
import type { Experiment, Measurement } from './harness.ts';
import { micro } from './micro/micro.ts';
import type { Chart } from './plot/chart.ts';
import type { SuiteReport } from './report.ts';
import { actors } from './suites/actors.ts';
import { async } from './suites/async.ts';
import { csv } from './suites/csv.ts';
import { csvAggregate } from './suites/csv-aggregate.ts';
import { dashboard } from './suites/dashboard.ts';
import { elasticity } from './suites/elasticity.ts';
import { elasticityCharts } from './suites/elasticity-charts.ts';
import { keyedCount } from './suites/keyed-count.ts';
import { latency } from './suites/latency.ts';
import { mailbox } from './suites/mailbox.ts';
import { nexmark } from './suites/nexmark.ts';
import { ordered } from './suites/ordered.ts';
import { ranges } from './suites/ranges.ts';
import { recovery } from './suites/recovery.ts';
import { recoveryCharts } from './suites/recovery-charts.ts';
import { startup } from './suites/startup.ts';
import { state } from './suites/state.ts';
import { windows } from './suites/windows.ts';
import { wordCount } from './suites/word-count.ts';

type Suite = (effort: Effort) => (Experiment | Measurement)[];

export const suites: Readonly<Record<string, Suite>> = {
  'word-count': wordCount,
  'keyed-count': keyedCount,
  'csv-aggregate': csvAggregate,
  csv,
  nexmark,
  windows,
  ranges,
  state,
  mailbox,
  latency,
  async,
  ordered,
  actors,
  elasticity,
  recovery,
  startup,
  dashboard,
  micro,
};

/**
 * Seconds that a suite may take with the usual effort: ten minutes in all. On a slow machine experiments have fewer rounds
 * then; what a suite measures in its own way takes as long as it does.
 */
export const USUAL_SECONDS: Readonly<Record<string, number>> = {
  'word-count': 24,
  'keyed-count': 45,
  'csv-aggregate': 32,
  csv: 20,
  nexmark: 22,
  windows: 24,
  ranges: 14,
  state: 24,
  mailbox: 28,
  latency: 26,
  async: 14,
  ordered: 14,
  actors: 76,
  elasticity: 86,
  recovery: 86,
  startup: 9,
  dashboard: 17,
  micro: 38,
};

/** Suites whose flows can have slower wake-ups. */
export const slowed: readonly string[] = ['word-count', 'keyed-count'];

export const suiteNames: readonly string[] = Object.keys(suites);

/** What is plotted of a suite, by the names of the files. */
export const charts: Readonly<Record<string, (report: SuiteReport) => Record<string, Chart>>> = {
  recovery: recoveryCharts,
  elasticity: elasticityCharts,
};

export const charted: readonly string[] = Object.keys(charts);
