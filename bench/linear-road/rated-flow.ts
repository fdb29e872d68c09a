// The flow of a rated run: the same query behind traffic in real time, with checks in place of files.

import { dataflow } from '../../src/index.ts';
import { answersOf } from './flow.ts';
import { Checker, type RatedParams } from './rated-check.ts';
import { ratedLines } from './rated-source.ts';

export const ratedRoad = dataflow(import.meta.url, 'rated-linear-road', (flow, params: RatedParams) => {
  const checker = new Checker(params);
  const { parallelism, shares } = params;
  const lines = flow.source('traffic', ratedLines(params));
  const { passages, balances, expenditures } = answersOf(lines, { parallelism, shares, settles: false });
  passages.forEach('tolls', (passage) => checker.passage(passage), { onError: 'stop' });
  balances.forEach('balances', (answer) => checker.balance(answer), { onError: 'stop' });
  expenditures.forEach('expenditures', (answer) => checker.expenditure(answer), { onError: 'stop' });
});
