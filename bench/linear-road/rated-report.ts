// What a rated run came to: as plain data, which plots are made from, and as text.

import { availableParallelism, cpus } from 'node:os';
import { gibibytes } from './memory.ts';
import type { RatedPlainReport } from './rated-plain.ts';
import { ANSWER_TYPES, type AnswerType } from './rated-results.ts';
import { holds, isExact, type RatedOptions, type RatedResult } from './rated-run.ts';
import { PEAK_LINES } from './rated-trace.ts';

/** Milliseconds; of answers in real time. */
export interface LatencyReport {
  readonly timed: number;
  readonly missed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface AnswerReport extends LatencyReport {
  readonly answers: number;
  readonly wrong: number;
  readonly lost: number;
  readonly doubled: number;
}

/** What a report takes over as it was measured. */
type Measured =
  | 'linesPerSecond'
  | 'fillLines'
  | 'fillMs'
  | 'fillCpuUs'
  | 'processors'
  | 'memoryBytesMax'
  | 'samples'
  | 'events'
  | 'chaos';

/** One run, with what it was run on. */
export interface RunReport extends Pick<RatedResult, Measured> {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly options: RatedOptions;
  /** 'holds', {@link IN_TIME}, or what is wrong with it. */
  readonly outcome: string;
  readonly answers: Readonly<Record<AnswerType, AnswerReport>>;
  readonly operators: readonly { readonly name: string; readonly busy: readonly number[]; readonly blocked: number }[];
  readonly moments: readonly (LatencyReport & { readonly second: number })[];
  /** The plain loop, after it. */
  readonly plain?: RatedPlainReport;
}

function latencyReport({ timed, missed, quantileMs }: RatedResult['moments'][number] | AnswerOf): LatencyReport {
  const [p50Ms, p95Ms, p99Ms, maxMs] = [0.5, 0.95, 0.99, 1].map(quantileMs);
  return { timed, missed, p50Ms, p95Ms, p99Ms, maxMs };
}

type AnswerOf = RatedResult['types'] extends ReadonlyMap<AnswerType, infer Result> ? Result : never;

/** No fault, but some waited for more than a second. */
export const IN_TIME = 'in time, but p99 is above 1 s';

function outcomeOf(result: RatedResult): string {
  if (result.stoppedBy === 'memory') return 'stopped: the machine was running out of memory';
  if (result.stoppedBy === 'fault') return 'does not hold: stopped at its first fault';
  if (holds(result)) return 'holds';
  return isExact(result) ? IN_TIME : 'does not hold';
}

export function reportOf(options: RatedOptions, result: RatedResult): RunReport {
  const { types, rates, moments, linesPerSecond, fillLines, fillMs, fillCpuUs, processors, memoryBytesMax } = result;
  const answers = Object.fromEntries(
    [...types].map(([type, each]) => {
      const { answers, wrong, lost, doubled } = each;
      return [type, { answers, wrong, lost, doubled, ...latencyReport(each) }];
    }),
  ) as Record<AnswerType, AnswerReport>;
  const operators = rates.operators.filter(({ fusedInto }) => fusedInto === undefined);
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown processor',
    cores: availableParallelism(),
    node: process.version,
    options,
    outcome: outcomeOf(result),
    ...{ linesPerSecond, fillLines, fillMs, fillCpuUs, processors, memoryBytesMax },
    answers,
    operators: operators.map(({ name, blocked, replicas }) => ({
      name,
      busy: replicas.map(({ busy }) => busy),
      blocked,
    })),
    samples: result.samples,
    moments: moments.map((moment) => ({ second: moment.second, ...latencyReport(moment) })),
    events: result.events,
    chaos: result.chaos,
  };
}

const thousands = (count: number, digits: number): string => (count / 1000).toFixed(digits);

/** One run in words and tables. */
export function runText(report: RunReport): string {
  const { options, linesPerSecond, fillLines, fillMs, fillCpuUs, processors, memoryBytesMax, chaos } = report;
  const { expressways, seconds, fillSeconds, ramp } = options;
  const fill =
    `after ${fillSeconds} s of traffic (${(fillLines / 1e6).toFixed(1)} M tuples in ${(fillMs / 1000).toFixed(0)} s, ` +
    `${(fillLines / fillMs).toFixed(0)} k/s, ${fillCpuUs.toFixed(2)} µs of processor each)`;
  const load =
    ramp === undefined
      ? `${thousands(linesPerSecond, 1)} k tuples/s for ${seconds} s, ${fill}`
      : `load that grows from a hundredth to ${thousands(expressways * PEAK_LINES, 1)} k tuples/s in ${ramp.growSeconds} s, and ${seconds - ramp.growSeconds} s of that`;
  const lines = [
    `L = ${expressways}: ${load}`,
    `  ${processors.toFixed(2)} processors, ${gibibytes(memoryBytesMax)}; ${report.outcome}`,
  ];
  if (chaos.kills > 0) lines.push(`  ${chaos.kills} workers killed, ${chaos.recoveries} actors resumed`);
  lines.push(
    '  answers         number   in time    p50 ms    p95 ms    p99 ms    max ms     missed  wrong  lost  doubled',
  );
  for (const type of ANSWER_TYPES) {
    const each = report.answers[type];
    const latencies = [each.p50Ms, each.p95Ms, each.p99Ms, each.maxMs].map((ms) => String(ms).padStart(10)).join('');
    const counts = [each.missed, each.wrong, each.lost, each.doubled];
    const faults = counts.map((count, i) => String(count).padStart([11, 7, 6, 9][i])).join('');
    lines.push(
      `  ${type.padEnd(11)}${String(each.answers).padStart(11)}${String(each.timed).padStart(10)}${latencies}${faults}`,
    );
  }
  for (const { name, busy, blocked } of report.operators) {
    const shares = busy.map((share) => share.toFixed(2)).join(' ');
    lines.push(`  ${name.padEnd(13)} replicas busy ${shares}; blocked ${blocked.toFixed(2)}`);
  }
  for (const { second, text } of report.events) lines.push(`  at ${second.toFixed(1)} s: ${text}`);
  return lines.join('\n');
}

export const plainText = ({ expressways, linesPerSecond }: RatedPlainReport): string =>
  `the plain loop over Maps, on one thread, after as much traffic of L = ${expressways}: ${thousands(linesPerSecond, 0)} k tuples/s`;

/** A run that was not made, and why. */
export interface NotTried {
  readonly expressways: number;
  readonly why: string;
}

/** Several runs, a line each. */
export function runsTable(runs: readonly (RunReport | NotTried)[]): string {
  const rows: string[][] = [
    ['L', 'k tuples/s', 'fill s', 'processors', 'memory', 'toll p50', 'p95', 'p99', 'max ms', 'missed', 'wrong', ''],
  ];
  for (const run of runs) {
    if ('why' in run) {
      rows.push([String(run.expressways), ...Array<string>(10).fill('-'), run.why]);
      continue;
    }
    const { toll } = run.answers;
    const all = Object.values(run.answers);
    const sum = (count: (each: AnswerReport) => number): string =>
      String(all.reduce((total, each) => total + count(each), 0));
    rows.push([
      String(run.options.expressways),
      thousands(run.linesPerSecond, 1),
      (run.fillMs / 1000).toFixed(0),
      run.processors.toFixed(2),
      gibibytes(run.memoryBytesMax),
      ...[toll.p50Ms, toll.p95Ms, toll.p99Ms, toll.maxMs].map(String),
      sum(({ missed }) => missed),
      sum(({ wrong, lost, doubled }) => wrong + lost + doubled),
      run.outcome,
    ]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const last = widths.length - 1;
  return rows
    .map((row) => row.map((cell, i) => (i === last ? cell : cell.padStart(widths[i]))).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}
