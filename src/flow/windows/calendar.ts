// Windows of whole days in a time zone, of which some have 23 or 25 hours.
// Promises: each time is in exactly one window, also where a local time comes twice; windows are as slices.ts would give them otherwise:
// at their ends, again for what comes late, whenever they have changed, or early.
// Relies on: the time zone data of the runtime (Intl); an offset of less than 16 hours.

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { integer, value } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { table } from '../../state/rows/row-layout.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { WindowEmit } from '../options/aggregate-options.ts';
import {
  ENDED_UNTIL,
  eachRow,
  ONE_ONLY,
  PANES,
  resultTime,
  SLICE,
  timerAt,
  type WindowClosures,
  type WindowContent,
} from './content.ts';
import { changedCode, earlyField, earlyTime, onClockCode } from './early.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** More than any offset. */
const OFFSET_MAX_MS = 16 * HOUR_MS;
/** The years 1 to 9999: beyond them the offset is that of their ends. */
const EARLIEST_MS = -62_135_510_400_000;
const LATEST_LOCAL_MS = 253_402_128_000_000;
/** Starts of windows that are remembered. */
const STARTS_MAX = 4096;

const isTimeZone = (given: unknown): given is string => {
  if (typeof given !== 'string') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: given });
    return true;
  } catch {
    return false;
  }
};

export const CALENDAR_OPTIONS = {
  /** Whose midnight a window starts at: the name of a time zone such as 'Europe/Berlin'. */
  timeZone: value("the name of a time zone such as 'Europe/Berlin'", isTimeZone, {
    help: 'whose midnight a window starts at',
    isRequired: true,
  }),
  /** How many days a window has: an integer from 1 to 36600. Default: 1. */
  days: integer({ help: 'how many days a window has', from: 1, to: 36_600, default: 1 }),
  /**
   * How many days later than multiples of `days`, counted from Thursday, 1 January 1970, a window starts: an integer
   * from -36600 to 36600. Default: 0.
   */
  offsetDays: integer({
    help: 'how many days later than multiples of `days`, counted from Thursday, 1 January 1970, a window starts',
    from: -36_600,
    to: 36_600,
    default: 0,
  }),
};

/** Options of `calendar`. */
export interface CalendarOptions extends Given<typeof CALENDAR_OPTIONS> {
  timeZone: string;
}

/** Windows of whole days in a time zone. */
export interface CalendarWindow {
  /** Which function has made it. */
  readonly kind: 'calendar';
  /** Whose midnight a window starts at. */
  readonly timeZone: string;
  /** How many days a window has. */
  readonly days: number;
  /** How many days later than multiples of `days`, counted from 1 January 1970, a window starts. */
  readonly offsetDays: number;
}

/**
 * Windows of whole days in a time zone: some have 23 or 25 hours, where clocks are changed. Weeks from Monday on are
 * `{ days: 7, offsetDays: 4 }`.
 * @throws MillraceError BAD_OPTION, also for a time zone that the runtime does not know
 */
export function calendar(options: CalendarOptions, ...surplus: readonly never[]): CalendarWindow {
  refuseSurplus('calendar(options)', 1, surplus);
  return { kind: 'calendar', ...checkOptions('calendar()', CALENDAR_OPTIONS, options) };
}

/** Where windows begin and end. */
class Calendar {
  private readonly format: Intl.DateTimeFormat;
  private readonly days: number;
  private readonly offsetDays: number;
  private readonly starts = new Map<number, number>();
  /** The window that was asked for last. */
  private from = 0;
  private until = 0;

  constructor({ timeZone, days, offsetDays }: CalendarWindow) {
    const numeric = 'numeric';
    const parts = {
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    } as const;
    this.format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', calendar: 'gregory', ...parts });
    this.days = days;
    this.offsetDays = offsetDays;
  }

  /** The start of the window that a time is in. */
  startOf(ms: number): number {
    this.find(ms);
    return this.from;
  }

  /** The end of the window that a time is in. */
  endOf(ms: number): number {
    this.find(ms);
    return this.until;
  }

  private find(ms: number): void {
    if (ms >= this.from && ms < this.until) return;
    // Not before the window that is looked for, wherever the zone is.
    let n = Math.floor(((ms + OFFSET_MAX_MS) / DAY_MS - this.offsetDays) / this.days);
    while (this.start(n) > ms) n--;
    this.from = this.start(n);
    this.until = this.start(n + 1);
  }

  /** The start of the n-th window: the first moment at which it is the window's first day there, or later. */
  private start(n: number): number {
    const known = this.starts.get(n);
    if (known !== undefined) return known;
    const midnight = (n * this.days + this.offsetDays) * DAY_MS;
    let before = midnight - OFFSET_MAX_MS;
    let after = midnight + OFFSET_MAX_MS;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (middle + this.offsetMs(middle) >= midnight) after = middle;
      else before = middle;
    }
    if (this.starts.size >= STARTS_MAX) this.starts.clear();
    this.starts.set(n, after);
    return after;
  }

  /** By how much the zone's clocks are ahead of UTC. */
  private offsetMs(ms: number): number {
    const second = Math.floor(Math.min(LATEST_LOCAL_MS, Math.max(EARLIEST_MS, ms)) / 1000) * 1000;
    const of: Record<string, number> = {};
    for (const { type, value: text } of this.format.formatToParts(second)) of[type] = Number(text);
    const local = new Date(0);
    local.setUTCFullYear(of.year, of.month - 1, of.day);
    local.setUTCHours(of.hour, of.minute, of.second);
    return local.getTime() - second;
  }
}

/** Where the windows begin and end. */
export const daysOf = (window: CalendarWindow): Pick<Calendar, 'startOf' | 'endOf'> => new Calendar(window);

/** The closures of an operator whose windows are whole days. */
export function calendarClosures(
  operator: string,
  content: WindowContent,
  window: CalendarWindow,
  allowedLatenessMs: number,
  emit: WindowEmit,
): WindowClosures {
  const panes = `state.${PANES}`;
  const body = `
function add(tuple, state, emit, context) {
const start = days.startOf(context.time);
let pane = ${panes}.get(start);
if (pane === undefined || pane.$isFired) {
pane = ${panes}.upsert(start);
pane.$end = days.endOf(start);
pane.$isFired = false;
const due = context.timers.due();
if (due === undefined || pane.$end < due) context.timers.at(${timerAt('pane.$end')});
}
${content.add('pane', 'start')}
${emit === 'changes' ? `give(tuple, state, pane, emit);` : ''}
${changedCode(emit, 'pane')}
}
function give(key, state, pane, emit) {
const start = pane.${SLICE}, end = pane.$end;
${content.give('pane', 'start', 'end')}
}
function onTimer(key, state, emit, context) {
const now = ${ENDED_UNTIL}, due = [], isOne = ${ONE_ONLY};
let isDone = false;
${eachRow('pane', panes)} if (pane.$end <= now) due.push(pane.${SLICE});
due.sort((one, other) => one - other);
for (const start of due) {
const pane = ${panes}.get(start), end = pane.$end;
if (!pane.$isFired) {
pane.$isFired = true;
isDone = true;
${emit === 'changes' ? '' : `if (!context.isLeftOut) { context.setTime(${resultTime('end')}); give(key, state, pane, emit); }`}
}
if (end + ${allowedLatenessMs} <= now) { ${content.release('start', 'end')} ${panes}.delete(start); }
if (isDone && isOne) break;
}
if (${panes}.size === 0) { context.remove(); return; }
let next = Infinity;
${eachRow('pane', panes)} next = Math.min(next, pane.$end + (pane.$isFired ? ${allowedLatenessMs} : 0));
if (next < Infinity) context.timers.at(${timerAt('next')});
}
${onClockCode(
  emit,
  panes,
  SLICE,
  `for (const start of changed) {
const pane = ${panes}.get(start);
if (pane.$isFired) continue;
${earlyTime('start', 'pane.$end')}
give(key, state, pane, emit);
}`,
)}
return { add, onTimer, onClock };`;
  return {
    state: content.state,
    tables: {
      [PANES]: table({ [SLICE]: t.f64() }, { $end: t.f64(), $isFired: t.bool(), ...earlyField(emit), ...content.pane }),
      ...content.tables,
    },
    merge: undefined,
    end: undefined,
    ...generate<Pick<WindowClosures, 'add' | 'onTimer' | 'onClock'>>(
      `${operator}/calendar`,
      { ...content.constants, days: daysOf(window) },
      body,
    ),
  };
}
