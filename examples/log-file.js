// @ts-check
// A web server's log: requests, bytes, distinct visitors and the slowest tenth of each path and status, from one file on all cores.
// The file is cut into ranges, which replicas read side by side; each combines the lines of a path and status before it sends them on.
//
//   $ npx millrace run examples/log-file.js | sort -k3 -nr | head -3
//   /        200  1,500  786,000  97  18.728523264601534
//   /search  200    480  252,320  97  18.728523264601534
//   /basket  200    480  252,320  97  18.728523264601534

import { fileURLToPath } from 'node:url';
import { dataflow, t } from 'millrace';
import { approxDistinct, count, quantile, sum } from 'millrace/aggregates';
import { readLines } from 'millrace/sources';

const here = fileURLToPath(new URL('data/access.txt', import.meta.url));

/** Address, method and path, status, bytes, milliseconds. */
const LINE = /^(\S+) .* "(?:GET|POST) (\S+)[^"]*" (\d+) (\d+) ([\d.]+)$/;

export default dataflow(import.meta.url, 'log-file', (flow, /** @type {{ file?: string }} */ { file = here }) =>
  flow
    .source('lines', readLines(file, { ranges: 'auto' }), { parallelism: 2 })
    .flatMap(
      'parse',
      { visitor: t.string(), path: t.string(), status: t.u32(), bytes: t.f64(), ms: t.f64() },
      ({ line }, emit) => {
        const [, visitor, path, status, bytes, ms] = LINE.exec(line) ?? [];
        if (path === undefined) throw new Error(`no line of an access log: ${line}`);
        emit({ visitor, path, status: Number(status), bytes: Number(bytes), ms: Number(ms) });
      },
    )
    .keyBy('path', 'status')
    .aggregate('totals', {
      requests: count(),
      bytes: sum('bytes'),
      visitors: approxDistinct('visitor'),
      slow: quantile('ms', 0.9),
    })
    .collect('results'),
);
