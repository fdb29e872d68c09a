// @ts-check
// The log of three servers: for each minute and path how many requests there were, and which time 95 % of them did not exceed. Lines
// come some seconds out of order; those of a server that was cut off for longer are counted apart.
//
//   $ npx millrace run examples/log-windows.js | sort | grep -v 12:0[1-9]
//   late  "2024-05-01T12:00:50.000Z"  /  6
//   minutes  2024-05-01T12:00  /  29  19.1
//   minutes  2024-05-01T12:00  /basket  10  19.5
//   minutes  2024-05-01T12:00  /search  20  18.7

import { fileURLToPath } from 'node:url';
import { dataflow, t } from 'millrace';
import { count, quantile } from 'millrace/aggregates';
import { readLines } from 'millrace/sources';
import { tumbling } from 'millrace/windows';

const here = fileURLToPath(new URL('data/servers.txt', import.meta.url));

/** Time, server, method, path, status, milliseconds. */
const LINE = /^(\S+) \S+ (?:GET|POST) (\S+) \d+ ([\d.]+)$/;

export default dataflow(import.meta.url, 'log-windows', (flow, /** @type {{ file?: string }} */ { file = here }) => {
  const requests = flow
    .source('lines', readLines(file))
    .flatMap('parse', { at: t.date(), path: t.string(), ms: t.f64() }, ({ line }, emit) => {
      const [, at, path, ms] = LINE.exec(line) ?? [];
      if (path === undefined) throw new Error(`no line of a log: ${line}`);
      emit({ at: new Date(at), path, ms: Number(ms) });
    })
    .withEventTime('at', { outOfOrderMs: 10_000 });

  requests.late.collect('late');

  return requests
    .keyBy('path')
    .window(tumbling({ sizeMs: 60_000 }))
    .aggregate('by-minute', { requests: count(), slow: quantile('ms', 0.95) }, { parallelism: 2 })
    .map(
      'show',
      { minute: t.string(), path: t.string(), requests: t.f64(), slow: t.f64() },
      ({ windowStart, path, requests, slow }) => ({
        minute: new Date(windowStart).toISOString().slice(0, 16),
        path,
        requests,
        slow: Math.round(slow * 10) / 10,
      }),
    )
    .collect('minutes');
});
