// The flow of a rated run: the same query behind traffic in real time, with checks in place of files.

import { dataflow, type ParallelismRange } from '../../src/index.ts';
import { answersOf } from './flow.ts';
import { Checker, type CheckMemory } from './rated-check.ts';
import { type RatedTraffic, ratedLines } from './rated-source.ts';

export interface RatedParams extends RatedTraffic {
  readonly parallelism: number | ParallelismRange;
  readonly shares: number;
  readonly checks: CheckMemory;
}

export const ratedRoad = dataflow(import.meta.url, 'rated-linear-road', (flow, params: RatedParams) => {
  const checker = new Checker(params, params.checks);
  const { parallelism, shares } = params;
  const lines = flow.source('traffic', ratedLines(params));
  const { passages, balances, expenditures } = answersOf(lines, { parallelism, shares, settles: false });
  balances.to('balances', checker.balances(), { failure: 'stop' });
  passages.to('tolls', checker.tolls(), { failure: 'stop' });
  expenditures.to('expenditures', checker.expenditures(), { failure: 'stop' });
});
