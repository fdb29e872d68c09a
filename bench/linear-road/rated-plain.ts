// The plain loop over Maps on the traffic of a rated run, as fast as it can, with the same checks of the same answers.
// Promises: its state is filled by the same traffic before the time is taken; throws if an answer is wrong or missing.
// Relies on: the expressways are few enough for a heap and for Maps (2^24 entries each).

import { openSolo } from '../baselines/solo.ts';
import { PlainQuery } from './plain.ts';
import { allocateChecks, Checker } from './rated-check.ts';
import { allocateResults, resultOf } from './rated-results.ts';
import { RatedReader } from './rated-source.ts';
import { ENTRY_CELLS, type RatedTrace } from './rated-trace.ts';
import type { Line } from './records.ts';
import { route } from './route.ts';

/** With more of them the loop's heap is several GiB; it becomes slower with every one. */
const EXPRESSWAYS_MAX = 24;
/** Seconds of traffic that are timed, at most. */
const TIMED_SECONDS_MAX = 20;
const LINES_PER_READ = 4096;

export interface RatedPlainOrder {
  readonly trace: RatedTrace;
  readonly expressways: number;
  /** Traffic before the time is taken, and from then on. */
  readonly fillSeconds: number;
  readonly seconds: number;
}

export interface RatedPlainReport {
  readonly expressways: number;
  readonly linesPerSecond: number;
}

/** Runs the loop on a thread of its own. */
export async function ratePlainly(order: RatedPlainOrder): Promise<RatedPlainReport> {
  const { trace, expressways, fillSeconds, seconds } = order;
  const thread = openSolo<RatedPlainOrder, RatedPlainReport>('./single-thread-rated-road.js');
  try {
    return await thread.run({
      trace,
      expressways: Math.min(expressways, EXPRESSWAYS_MAX),
      fillSeconds,
      seconds: Math.min(seconds, TIMED_SECONDS_MAX),
    });
  } finally {
    await thread.close();
  }
}

/** What the thread does. */
export function runPlainLoop({ trace, expressways, fillSeconds, seconds }: RatedPlainOrder): RatedPlainReport {
  const results = allocateResults(1);
  const starts = new Int32Array(trace.seconds);
  // Nothing is in real time, so nothing is late.
  const traffic = { trace, expressways, paceFrom: starts.length - 1, startedMs: new SharedArrayBuffer(8) };
  const checker = new Checker(traffic, allocateChecks(trace, expressways, results));
  const begin = { operator: 'plain', partition: 0, position: 0 };
  const tolls = checker.tolls().open(begin);
  const balances = checker.balances().open(begin);
  const expenditures = checker.expenditures().open(begin);
  const query = new PlainQuery(
    {
      entry: (passage) => tolls.write(passage),
      balance: (answer) => balances.write(answer),
      expenditure: (answer) => expenditures.write(answer),
    },
    false,
  );
  const reader = new RatedReader(traffic, {
    ...begin,
    memory: new Int32Array(0),
    memoryOf: () => new Int32Array(0),
    reject: () => {},
    wake: () => {},
    fail: () => {},
  });
  const take = (line: Line): void => route(line, query.take, 1);
  const readUntil = (end: number): void => {
    while (reader.position < end) reader.read(take, Math.min(LINES_PER_READ, end - reader.position));
  };
  const [from, to] = [starts[fillSeconds], starts[fillSeconds + seconds]];
  readUntil(from * expressways);
  const startedMs = performance.now();
  readUntil(to * expressways);
  const elapsedMs = performance.now() - startedMs;
  const { answers, wrong, doubled } = resultOf(results, 'toll');
  const expected = entriesBefore(trace, to) * expressways;
  if (wrong + doubled > 0 || answers !== expected) {
    throw new Error(`the plain loop gave ${answers} tolls for ${expected}, ${wrong} wrong and ${doubled} doubled`);
  }
  return { expressways, linesPerSecond: ((to - from) * expressways * 1000) / elapsedMs };
}

function entriesBefore(trace: RatedTrace, line: number): number {
  const entries = new Int32Array(trace.entries);
  let count = 0;
  for (let at = 0; at < entries.length; at += ENTRY_CELLS) if (entries[at + 5] < line) count++;
  return count;
}
