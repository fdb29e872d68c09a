// Readings of a job as text: the table of operators, and one line of progress.
// Relies on nothing but the sample: pure functions, the same for a terminal and a log.

import { numberText } from '../options/kinds.ts';
import type { OperatorRates } from '../supervisor/readings/between.ts';
import type { OperatorReading } from '../supervisor/readings/job-reading.ts';
import type { TimeReading } from '../supervisor/readings/time-reading.ts';
import { progressText } from './progress-estimate.ts';
import type { Sample } from './sample.ts';

const BAR_CELLS = 10;
/** Of jobs that run, once a sample has latencies: how long tuples are under way from their source. */
const LATENCY_COLUMNS = ['p50', 'p99'];
const COLUMNS = ['operator', 'replicas', 'in', 'out', 'tuples/s', 'busy', 'blocked'];
/** Of jobs with event time, and while they run. */
const TIME_COLUMNS = ['late', 'lag', 'watermark'];
const LEFT: ReadonlySet<string> = new Set(['operator', 'queue', 'watermark']);

/** 1234567 as 1,234,567. */
export const countText = (count: number): string => numberText(Math.round(count));

/** 1234567 as 1.23 M. */
export function rateText(rate: number): string {
  if (!Number.isFinite(rate) || rate < 1000) return String(Math.round(rate) || 0);
  const [value, unit] = rate < 1e6 ? [rate / 1e3, 'k'] : [rate / 1e6, 'M'];
  return `${value >= 100 ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

const shareText = (share: number): string => `${Math.round(share * 100)} %`;

export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** 12.3 as 12 ms, 1234 as 1.2 s; nothing for what was not measured. */
function msText(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms >= 1000) return secondsText(ms);
  return `${ms < 10 ? ms.toFixed(ms < 1 ? 2 : 1) : Math.round(ms)} ms`;
}

export const workersText = (count: number): string => (count === 1 ? '1 worker' : `${count} workers`);

/** How full a queue is. */
export function barText(fill: number): string {
  const cells = Math.min(BAR_CELLS, Math.ceil(fill * BAR_CELLS));
  return `${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)}`;
}

/** What an operator processes: what a source emits, and what any other takes. */
const rateOf = ({ role, rateIn, rateOut }: OperatorRates): number => (role === 'source' ? rateOut : rateIn);

const isSink = ({ role }: OperatorReading): boolean => role === 'output' || role === 'sink';

const isInApp = ({ replicas }: OperatorRates): boolean => replicas.every(({ worker }) => worker < 0);

/** Of its fullest mailbox. */
const queueFillOf = ({ replicas }: OperatorReading): number =>
  Math.max(0, ...replicas.map(({ queueFill }) => queueFill));

/** What a table shows: the queues are empty at the end, and time is over. */
interface Shown {
  readonly isLive: boolean;
  readonly hasTime: boolean;
  readonly hasLatency: boolean;
}

const hasTime = ({ reading }: Sample): boolean => reading.operators.some(({ time }) => time !== undefined);

/** By how much it is behind what has been read. */
const lagText = ({ lagMs, newestMs }: TimeReading): string =>
  newestMs === Number.NEGATIVE_INFINITY || lagMs === Number.POSITIVE_INFINITY ? '-' : secondsText(lagMs);

/** A watermark as a date, and what it waits for: the only input that is as far behind. */
function watermarkText({ watermark, inputs }: TimeReading): string {
  if (watermark === Number.POSITIVE_INFINITY) return 'ended';
  const date = new Date(watermark);
  const text = Number.isNaN(date.getTime()) ? 'none' : date.toISOString();
  const [first, second] = [...inputs].sort((one, other) => one.watermark - other.watermark);
  if (second === undefined || !(first.watermark < second.watermark)) return text;
  const { from, partition, state } = first;
  const which = partition === undefined ? `'${from}'` : `partition ${partition} of '${from}'`;
  return `${text}, waits for ${which}${state === 'running' ? '' : ` (${state})`}`;
}

const timeCells = ({ time }: OperatorReading, isLive: boolean): string[] => {
  if (time === undefined) return isLive ? ['', '', ''] : [''];
  const late = countText(time.late);
  return isLive ? [late, lagText(time), watermarkText(time)] : [late];
};

function operatorCells(operator: OperatorReading, rates: OperatorRates, shown: Shown): string[] {
  const fused = operator.fusedInto !== undefined;
  const inApp = isInApp(rates);
  const cells = [
    fused ? `└ ${operator.name}` : operator.name,
    inApp ? 'app' : String(rates.replicas.length),
    operator.role === 'source' ? '' : countText(operator.tuplesIn),
    isSink(operator) ? '' : countText(operator.tuplesOut),
    rateText(rateOf(rates)),
    // A fused operator runs in the actor of the one above it, and the app's thread is not measured.
    fused || inApp ? '' : shareText(rates.busy),
    fused || inApp ? '' : shareText(rates.blocked),
  ];
  if (shown.isLive) cells.push(fused || operator.role === 'source' ? '' : barText(queueFillOf(operator)));
  if (shown.hasLatency) cells.push(msText(rates.latency?.p50Ms), msText(rates.latency?.p99Ms));
  return shown.hasTime ? [...cells, ...timeCells(operator, shown.isLive)] : cells;
}

function headingOf({ isLive, hasTime, hasLatency }: Shown): string[] {
  const columns = [...COLUMNS, ...(isLive ? ['queue'] : []), ...(hasLatency ? LATENCY_COLUMNS : [])];
  return hasTime ? [...columns, ...(isLive ? TIME_COLUMNS : TIME_COLUMNS.slice(0, 1))] : columns;
}

/** The table of operators, a line each below a heading; while the job runs, with its queues and how far event time has come. */
export function operatorTable(sample: Sample, isLive: boolean): string[] {
  const { reading, rates } = sample;
  const hasLatency = isLive && rates.operators.some(({ latency }) => latency !== undefined);
  const shown = { isLive, hasTime: hasTime(sample), hasLatency };
  const heading = headingOf(shown);
  const rows = [heading, ...reading.operators.map((operator, i) => operatorCells(operator, rates.operators[i], shown))];
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (LEFT.has(heading[column]) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}

/** What could use more threads, a line each. */
export const hintLines = ({ reading }: Sample): string[] => reading.hints.map(({ text }) => `hint: ${text}`);

/** How far the sources have come, behind a comma; nothing if that is not known. */
export const progressPart = ({ progress }: Pick<Sample, 'progress'>): string =>
  progress === undefined ? '' : `, ${progressText(progress)}`;

/**
 * One line for a log: `2.0 s: lines 1.20 k/s, split 92.1 k/s, count 92.1 k/s (busy 97 %, 5.0 s behind)`.
 * @param hasProgress whether it says how far the sources have come: `2.0 s, 45 % read, about 3 s left: …`
 */
export function progressLine({ reading, rates, progress }: Sample, hasProgress = false): string {
  const parts = rates.operators.map((operator, i) => {
    const measured = operator.fusedInto === undefined && !isInApp(operator);
    const { time } = reading.operators[i];
    const lag = time === undefined || !measured ? '-' : lagText(time);
    const told = [...(measured ? [`busy ${shareText(operator.busy)}`] : []), ...(lag === '-' ? [] : [`${lag} behind`])];
    return `${operator.name} ${rateText(rateOf(operator))}/s${told.length > 0 ? ` (${told.join(', ')})` : ''}`;
  });
  const so = hasProgress ? progressPart({ progress }) : '';
  return `${secondsText(reading.elapsedMs)}${so}: ${parts.join(', ')}`;
}
