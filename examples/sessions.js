// @ts-check
// The clicks of some visitors, cut into visits: one ends when 30 minutes have passed without a click.
//
//   $ npx millrace run examples/sessions.js | sort | head -3
//   ann  2024-05-01T12:00  20  2  / /prices
//   ann  2024-05-01T12:34  330  4  / /docs /order /
//   ann  2024-05-01T13:24  140  2  / /order

import { fileURLToPath } from 'node:url';
import { dataflow, t } from 'millrace';
import { collect, count } from 'millrace/aggregates';
import { readCsv } from 'millrace/sources';
import { session } from 'millrace/windows';

const MINUTE_MS = 60_000;
const here = fileURLToPath(new URL('data/clicks.csv', import.meta.url));

export default dataflow(import.meta.url, 'sessions', (flow, /** @type {{ file?: string }} */ { file = here }) =>
  flow
    .source('clicks', readCsv(file, { at: t.date(), user: t.string(), page: t.string() }, { header: true }))
    .withEventTime('at', { outOfOrderMs: MINUTE_MS })
    .keyBy('user')
    .window(session({ gapMs: 30 * MINUTE_MS }))
    .aggregate('visits', { clicks: count(), pages: collect('page', 100) })
    .map(
      'show',
      { user: t.string(), from: t.string(), seconds: t.f64(), clicks: t.f64(), path: t.string() },
      ({ user, windowStart, windowEnd, clicks, pages }) => ({
        user,
        from: new Date(windowStart).toISOString().slice(0, 16),
        // The window lasts until nothing has come for 30 minutes.
        seconds: (windowEnd - windowStart - 30 * MINUTE_MS) / 1000,
        clicks,
        path: pages.join(' '),
      }),
    )
    .collect('results'),
);
