// Entry point `millrace/windows`: what `keyed.window(…)` takes.

export type { WindowOptions } from './flow/options/aggregate-options.ts';
export { type CalendarOptions, type CalendarWindow, calendar } from './flow/windows/calendar.ts';
export { type GlobalOptions, type GlobalWindow, globalWindow } from './flow/windows/global-window.ts';
export {
  type CountOptions,
  type CountWindow,
  count,
  type SessionOptions,
  type SessionWindow,
  type SlicedWindow,
  type SlidingOptions,
  session,
  sliding,
  type TumblingOptions,
  tumbling,
  type Window,
} from './flow/windows/window.ts';
