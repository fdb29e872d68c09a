// Readings of a job as text: the table of operators, and one line of progress.
// Relies on nothing but the sample: pure functions, the same for a terminal and a log.

import type { OperatorRates } from '../supervisor/readings/between.ts';
import type { OperatorReading } from '../supervisor/readings/job-reading.ts';
import type { Sample } from './sample.ts';

const BAR_CELLS = 10;
const COLUMNS = ['operator', 'replicas', 'in', 'out', 'tuples/s', 'busy', 'blocked', 'queue'];

/** 1234567 as 1,234,567. */
export const countText = (count: number): string => Math.round(count).toLocaleString('en-US');

/** 1234567 as 1.23 M. */
export function rateText(rate: number): string {
  if (!Number.isFinite(rate) || rate < 1000) return String(Math.round(rate) || 0);
  const [value, unit] = rate < 1e6 ? [rate / 1e3, 'k'] : [rate / 1e6, 'M'];
  return `${value >= 100 ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

const shareText = (share: number): string => `${Math.round(share * 100)} %`;

export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

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

function operatorCells(operator: OperatorReading, rates: OperatorRates, withQueue: boolean): string[] {
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
  if (withQueue) cells.push(fused || operator.role === 'source' ? '' : barText(queueFillOf(operator)));
  return cells;
}

/** The table of operators, a line each below a heading. Without `withQueue` it says nothing of the queues: they are empty at the end. */
export function operatorTable({ reading, rates }: Sample, withQueue: boolean): string[] {
  const heading = withQueue ? COLUMNS : COLUMNS.slice(0, -1);
  const rows = [
    heading,
    ...reading.operators.map((operator, i) => operatorCells(operator, rates.operators[i], withQueue)),
  ];
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const toTheLeft = column === 0 || COLUMNS[column] === 'queue';
        return toTheLeft ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** What could use more threads, a line each. */
export const hintLines = ({ reading }: Sample): string[] => reading.hints.map(({ text }) => `hint: ${text}`);

/** One line for a log: `2.0 s: lines 1.20 k/s, split 92.1 k/s, count 92.1 k/s (busy 97 %)`. */
export function progressLine({ reading, rates }: Sample): string {
  const parts = rates.operators.map((operator) => {
    const measured = operator.fusedInto === undefined && !isInApp(operator);
    return `${operator.name} ${rateText(rateOf(operator))}/s${measured ? ` (busy ${shareText(operator.busy)})` : ''}`;
  });
  return `${secondsText(reading.elapsedMs)}: ${parts.join(', ')}`;
}
