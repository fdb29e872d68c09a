// @ts-check
// State: a row for each user, with a table of the user's sessions under it. A click within 30 minutes of the one before
// belongs to the same session. State is changed in place, and committed together with the input that changed it.
//
//   $ npx millrace run examples/state.js --clicks 10000
//   user-3  2000    100     95
//   user-2  2000    100     95
//   user-1  2000    100     95
//   user-0  2000    100     95
//   user-4  2000    100     95

import { dataflow, t, table } from 'millrace';
import { generate } from 'millrace/sources';

const MINUTE_MS = 60_000;
const PAUSE_MS = 30 * MINUTE_MS;
const START_MS = Date.UTC(2026, 0, 1);

export default dataflow(import.meta.url, 'state', (flow, /** @type {{ clicks?: number }} */ { clicks = 10_000 }) =>
  flow
    .source(
      'clicks',
      // One click a minute, by five users in turn; after every hundredth there is a break of two hours.
      generate(
        { user: t.dictionary(), at: t.timestamp() },
        (i) => ({ user: `user-${i % 5}`, at: START_MS + i * MINUTE_MS + Math.floor(i / 100) * 120 * MINUTE_MS }),
        { count: clicks },
      ),
    )
    .keyBy('user')
    .process(
      'sessions',
      {
        state: { clicks: t.u32(), lastAt: t.timestamp(), session: t.u32() },
        tables: { sessions: table({ session: t.u32() }, { clicks: t.u32(), from: t.timestamp(), to: t.timestamp() }) },
        output: { user: t.string(), clicks: t.u32(), sessions: t.u32(), longestMinutes: t.f64() },
      },
      ({ at }, state) => {
        if (at - state.lastAt > PAUSE_MS) state.session += 1;
        const session = state.sessions.upsert(state.session);
        if (session.clicks === 0) session.from = at;
        session.clicks += 1;
        session.to = at;
        state.clicks += 1;
        state.lastAt = at;
      },
      {
        end: ({ user }, state, emit) => {
          let longestMs = 0;
          for (const { from, to } of state.sessions) longestMs = Math.max(longestMs, to - from);
          emit({ user, clicks: state.clicks, sessions: state.sessions.size, longestMinutes: longestMs / MINUTE_MS });
        },
      },
    )
    .collect('users'),
);
