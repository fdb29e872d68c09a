// Scales: which ticks an axis has (1-2-5 steps, or powers of ten), their labels, and where a value lies on it.
// Promises: unless the axis says where it ends, its ends are ticks and enclose the values. Relies on finite values.

import type { Axis } from './chart.ts';

export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  /** Where a log axis has thin lines without labels. */
  readonly minorTicks: readonly number[];
  /** 0 at `from`, 1 at `to`. */
  share(value: number): number;
  label(value: number): string;
}

/**
 * The scale of an axis over the given values, with about `ticksWanted` labelled ticks.
 * Throws if there is no value, if one lies outside the ends that the axis names, or if one is not positive on a log axis.
 */
export function scaleOf(axis: Axis, values: readonly number[], ticksWanted: number): Scale {
  const name = `axis '${axis.title}'`;
  if (values.length === 0) throw new Error(`${name} has no values: a chart needs at least one measured point`);
  const bounds = [axis.from, axis.to].filter((bound) => bound !== undefined);
  for (const value of [...values, ...bounds]) {
    if (!Number.isFinite(value)) throw new Error(`${name} has the value ${value}: only finite numbers can be drawn`);
    if (axis.scale === 'log' && value <= 0)
      throw new Error(`${name} is logarithmic and has the value ${value}: use scale 'linear', or leave the point out`);
  }
  const [low, high] = extent(values);
  if (low < (axis.from ?? low) || high > (axis.to ?? high))
    throw new Error(`${name} from ${axis.from} to ${axis.to} would hide values from ${low} to ${high}: widen it`);
  const from = axis.from ?? low;
  const to = axis.to ?? high;
  if (axis.from !== undefined && axis.to !== undefined && from >= to)
    throw new Error(`${name} starts at ${from} and must end after that, not at ${to}`);
  return axis.scale === 'log'
    ? logScale(axis, from, to, ticksWanted)
    : linearScale(axis, values, from, to, ticksWanted);
}

function extent(values: readonly number[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** A number m · 10^k with a small integer m: exact to count with, and it knows its decimals. */
interface Step {
  readonly mantissa: number;
  readonly power: number;
}

const multiple = (count: number, { mantissa, power }: Step): number =>
  power < 0 ? (count * mantissa) / 10 ** -power : count * mantissa * 10 ** power;

/** Of 1, 2 and 5 times a power of ten, the one whose ratio to `size` is least. */
function niceStep(size: number): Step {
  const power = Math.floor(Math.log10(size));
  const rest = size / 10 ** power;
  if (rest > Math.sqrt(50)) return { mantissa: 1, power: power + 1 };
  return { mantissa: rest > Math.sqrt(10) ? 5 : rest > Math.SQRT2 ? 2 : 1, power };
}

/** A smaller share of the values than this is noise of their arithmetic, and not a range to draw. */
const RANGE_MIN = 1e-9;

function linearScale(axis: Axis, values: readonly number[], low: number, high: number, ticksWanted: number): Scale {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low <= size * RANGE_MIN) {
    const room = size / 2 || 1;
    if (axis.from === undefined) low -= room;
    if (axis.to === undefined) high += room;
  }
  let step = niceStep((high - low) / Math.max(1, ticksWanted - 1));
  // Replicas and the like have no halves.
  if (step.power < 0 && values.every(Number.isInteger)) step = { mantissa: 1, power: 0 };
  const unit = multiple(1, step);
  // The tolerance keeps 0.30000000000000004 from asking for a further tick beyond 0.3.
  const first = axis.from === undefined ? Math.floor(low / unit + 1e-9) : Math.ceil(low / unit - 1e-9);
  const last = axis.to === undefined ? Math.ceil(high / unit - 1e-9) : Math.floor(high / unit + 1e-9);
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => multiple(first + index, step));
  const from = axis.from ?? Math.min(low, ticks[0]);
  const to = axis.to ?? Math.max(high, ticks[ticks.length - 1]);
  const suffix = suffixOf(Math.max(Math.abs(from), Math.abs(to)));
  const decimals = Math.min(100, Math.max(0, -step.power + Math.round(Math.log10(suffix.size))));
  const label = (value: number): string =>
    value === 0 ? '0' : `${minus(trimZeros((value / suffix.size).toFixed(decimals)))}${suffix.text}`;
  return {
    from,
    to,
    ...labelled(axis, ticks, label, from, to),
    minorTicks: [],
    share: (value) => (value - from) / (to - from),
  };
}

/** Between the ends that an axis names there may be no round number: then the ends themselves are the ticks. */
const labelled = (
  { format }: Axis,
  ticks: readonly number[],
  label: (value: number) => string,
  from: number,
  to: number,
): Pick<Scale, 'ticks' | 'label'> =>
  ticks.length > 0 ? { ticks, label: format ?? label } : { ticks: [from, to], label: format ?? shortNumber };

/** From this many ticks a decade, a log axis labels 1, 2 and 5 instead of 1 alone. */
const TICKS_A_DECADE = 3;
/** Powers of ten are read at a glance, so they may stand denser than other ticks. */
const POWERS_DENSITY = 1.4;

function logScale(axis: Axis, low: number, high: number, ticksWanted: number): Scale {
  const decades = Math.max(Math.log10(high / low), 1e-9);
  const mantissas = ticksWanted >= TICKS_A_DECADE * decades ? [1, 2, 5] : [1];
  const powersATick = Math.max(1, Math.ceil(decades / (ticksWanted * POWERS_DENSITY)));
  const firstPower = Math.floor(Math.log10(low) / powersATick) * powersATick - powersATick;
  const candidates: number[] = [];
  for (let power = firstPower; candidates.length < 2 || (candidates.at(-2) as number) < high; power += powersATick)
    for (const mantissa of mantissas) candidates.push(multiple(1, { mantissa, power }));
  const floor = candidates.findLastIndex((tick) => tick <= low);
  let ceiling = candidates.findIndex((tick) => tick >= high);
  if (ceiling === floor) ceiling += 1;
  const from = axis.from ?? candidates[floor];
  const to = axis.to ?? Math.max(high, candidates[ceiling]);
  const ticks = candidates.filter((tick) => tick >= from && tick <= to);
  const span = Math.log10(to / from);
  return {
    from,
    to,
    ...labelled(axis, ticks, (value) => shortNumber(value, LOG_PLAIN_MAX), from, to),
    minorTicks: decades <= ticksWanted - 1 ? minorsBetween(from, to, ticks) : [],
    share: (value) => Math.log10(value / from) / span,
  };
}

function minorsBetween(from: number, to: number, ticks: readonly number[]): number[] {
  const minors: number[] = [];
  for (let power = Math.floor(Math.log10(from)) - 1; multiple(1, { mantissa: 1, power }) <= to; power++)
    for (let mantissa = 1; mantissa <= 9; mantissa++) {
      const minor = multiple(1, { mantissa, power });
      if (minor >= from && minor <= to && !ticks.includes(minor)) minors.push(minor);
    }
  return minors;
}

interface Suffix {
  readonly size: number;
  readonly text: string;
}

const SUFFIXES: readonly Suffix[] = [
  { size: 1e12, text: ' T' },
  { size: 1e9, text: ' G' },
  { size: 1e6, text: ' M' },
  { size: 1e3, text: ' k' },
];
/** Up to these, numbers are written without a suffix. A log axis reads 100, 1 k, 10 k. */
const PLAIN_MAX = 9999;
const LOG_PLAIN_MAX = 999;
/** Below the one and from the other on, numbers are written with an exponent. */
const PLAIN_MIN = 1e-4;
const PLAIN_END = 1e15;

const suffixOf = (magnitude: number, plainMax = PLAIN_MAX): Suffix =>
  (magnitude > plainMax && SUFFIXES.find(({ size }) => magnitude >= size)) || { size: 1, text: '' };

const trimZeros = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);
const minus = (digits: string): string => digits.replace('-', '−');

/** Three significant digits, or all of a number up to `plainMax`, with a suffix: 1234567 as `1.23 M`. */
export function shortNumber(value: number, plainMax = PLAIN_MAX): string {
  const magnitude = Math.abs(value);
  if (value !== 0 && (magnitude < PLAIN_MIN || magnitude >= PLAIN_END))
    return minus(value.toExponential(2).replace(/\.?0*e\+?/, 'e'));
  const rounded = magnitude >= 1000 && magnitude <= plainMax ? Math.round(value) : Number(value.toPrecision(3));
  const { size, text } = suffixOf(Math.abs(rounded), plainMax);
  return `${minus(`${Number((rounded / size).toPrecision(4))}`)}${text}`;
}
