// The query of Linear Road as a flow: reports → roads → accounts, and the answers' files.
// Promises: the same answers with any parallelism, and whatever dies meanwhile; see docs/linear-road.md for the argument.
// Relies on: the input is ordered by time.

import { join } from 'node:path';
import { dataflow, type ParallelismRange, type Stream } from '../../src/index.ts';
import { writeLines } from '../../src/sinks.ts';
import { accountState, accountTables, expenditureTables, onAccount, onExpenditure } from './accounts.ts';
import { roadLines } from './input.ts';
import {
  ANSWER_FILES,
  accidentLine,
  balanceFields,
  balanceLine,
  expenditureFields,
  expenditureLine,
  LineType,
  type lineFields,
  PassageKind,
  passageFields,
  recordFields,
  tollLine,
} from './records.ts';
import { onRoad, passRequests, type RoadOptions, roadsState, roadsTables } from './roads.ts';
import { route } from './route.ts';

/**
 * Shares that the roads are split into: more of them let more replicas work, and a balance request visits each. The keys of
 * 16 spread evenly over two, three and four replicas.
 */
export const SHARES = 16;

/** The keyed operators: those that may have several replicas, and change them. */
export const ELASTIC_OPERATORS = ['roads', 'accounts', 'expenditure'] as const;

export interface LinearRoadParams {
  readonly input: string;
  readonly history: string | undefined;
  /** Folder of the answers' files. */
  readonly output: string;
  readonly parallelism: number | ParallelismRange;
  readonly shares: number;
}

/**
 * The operators between the input's lines and the answers. Workers get actors in the order in which these are declared, in turn:
 * here and in both flows it is such that with two workers the source and most sinks are not where `roads` has its one replica.
 */
export function answersOf(
  lines: Stream<typeof lineFields>,
  {
    parallelism,
    shares,
    settles,
  }: RoadOptions & { readonly parallelism: number | ParallelismRange; readonly shares: number },
) {
  const records = lines.flatMap('route', recordFields, (line, emit) => route(line, emit, shares));
  const passages = records
    .keyBy('share')
    .process(
      'roads',
      { state: roadsState, tables: roadsTables, output: passageFields },
      (record, roads, emit) => onRoad(record, roads, emit, { settles }),
      { parallelism, failure: 'stop', end: (_, roads, emit) => passRequests(roads, emit) },
    );
  const expenditures = records
    .filter('history', ({ type }) => type === LineType.expenditure || type === LineType.history)
    .keyBy('vid')
    .process('expenditure', { tables: expenditureTables, output: expenditureFields }, onExpenditure, {
      parallelism,
      failure: 'stop',
    });
  const balances = passages
    .keyBy('vid')
    .process(
      'accounts',
      { state: accountState, tables: accountTables, output: balanceFields },
      (passage, account, emit) => onAccount(passage, account, emit, shares),
      { parallelism, failure: 'stop' },
    );
  return { passages, balances, expenditures };
}

/** As fast as the file can be read: the benchmark's clock is the input's. */
export const linearRoad = dataflow(import.meta.url, 'linear-road', (flow, params: LinearRoadParams) => {
  const [tolls, accidents, balances, expenditure] = ANSWER_FILES.map((name) => join(params.output, name));
  const answers = answersOf(flow.source('lines', roadLines(params.input, params.history)), {
    ...params,
    settles: true,
  });
  answers.passages
    .filter('alerts', ({ accident }) => accident >= 0)
    .to(
      'accidents',
      writeLines(accidents, (passage) => accidentLine(passage, passage.time)),
    );
  answers.passages
    .filter('entries', ({ kind }) => kind === PassageKind.entry)
    .to(
      'tolls',
      writeLines(tolls, (passage) => tollLine(passage, passage.time)),
    );
  answers.balances.to(
    'balances',
    writeLines(balances, (answer) => balanceLine(answer, answer.time)),
  );
  answers.expenditures.to(
    'expenditures',
    writeLines(expenditure, (answer) => expenditureLine(answer, answer.time)),
  );
});
