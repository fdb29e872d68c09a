// Metrics as text: the table of operators, and one line of progress.
// Relies on nothing but the metrics: pure functions, the same for a terminal and a log.

import type { JobMetrics, OperatorMetrics } from '../supervisor/job/job-api.ts';

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
const rateOf = ({ role, rateIn, rateOut }: OperatorMetrics): number => (role === 'source' ? rateOut : rateIn);

const isSink = ({ role }: OperatorMetrics): boolean => role === 'output' || role === 'sink';

function operatorCells(operator: OperatorMetrics, withQueue: boolean): string[] {
  const fused = operator.fusedInto !== undefined;
  const inApp = operator.replicas.every(({ worker }) => worker < 0);
  const cells = [
    fused ? `└ ${operator.name}` : operator.name,
    inApp ? 'app' : String(operator.replicas.length),
    operator.role === 'source' ? '' : countText(operator.tuplesIn),
    isSink(operator) ? '' : countText(operator.tuplesOut),
    rateText(rateOf(operator)),
    // A fused operator runs in the actor of the one above it, and the app's thread is not measured.
    fused || inApp ? '' : shareText(operator.busy),
    fused || inApp ? '' : shareText(operator.blocked),
  ];
  if (withQueue) cells.push(fused || operator.role === 'source' ? '' : barText(operator.queueFill));
  return cells;
}

/** The table of operators, a line each below a heading. Without `withQueue` it says nothing of the queues: they are empty at the end. */
export function operatorTable({ operators }: JobMetrics, withQueue: boolean): string[] {
  const heading = withQueue ? COLUMNS : COLUMNS.slice(0, -1);
  const rows = [heading, ...operators.map((operator) => operatorCells(operator, withQueue))];
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

/** One line for a log: `2.0 s: lines 1.20 k/s, split 92.1 k/s, count 92.1 k/s (busy 97 %)`. */
export function progressLine({ elapsedMs, operators }: JobMetrics): string {
  const parts = operators.map((operator) => {
    const measured = operator.fusedInto === undefined && operator.replicas.some(({ worker }) => worker >= 0);
    return `${operator.name} ${rateText(rateOf(operator))}/s${measured ? ` (busy ${shareText(operator.busy)})` : ''}`;
  });
  return `${secondsText(elapsedMs)}: ${parts.join(', ')}`;
}
