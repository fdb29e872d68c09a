// Actors with many timers each: every timer that fires is set again, so that as many are pending all the time.
// Promises: a timer that is lost, doubled, early or out of order is counted as wrong.

import { actor, t } from '../../src/index.ts';
import { sharedNow } from '../clock.ts';
import { firstDelayMs, noteAlarm } from './alarm-book.ts';

/** A worker may wake up by so much before the time that it was told. */
const EARLY_MS = 1.5;

export const alarms = actor(import.meta.url, 'alarms', {
  messages: {
    set: { count: t.u32(), periodMs: t.f64(), phaseMs: t.f64() },
    tick: { n: t.u32(), count: t.u32(), dueMs: t.f64() },
    forgetLate: { reply: { fired: t.f64() } },
    counts: { reply: { fired: t.f64(), wrong: t.f64(), lateMs: t.f64() } },
  },
  state: { fired: t.f64(), wrong: t.f64(), lateMs: t.f64(), periodMs: t.f64() },
  receive: {
    set({ count, periodMs, phaseMs }, state, { timers }) {
      state.periodMs = periodMs;
      const nowMs = sharedNow();
      for (let n = 0; n < count; n++) {
        const delayMs = firstDelayMs(n, count, periodMs, phaseMs);
        timers.once('tick', { n, count, dueMs: nowMs + delayMs }, delayMs);
      }
    },
    tick({ n, count, dueMs }, state, { timers }) {
      const nowMs = sharedNow();
      noteAlarm(state, n === state.fired % count && nowMs >= dueMs - EARLY_MS, nowMs - dueMs);
      timers.once('tick', { n, count, dueMs: nowMs + state.periodMs }, state.periodMs);
    },
    forgetLate(_message, state) {
      state.lateMs = 0;
      return { fired: state.fired };
    },
    counts: (_message, { fired, wrong, lateMs }) => ({ fired, wrong, lateMs }),
  },
});
