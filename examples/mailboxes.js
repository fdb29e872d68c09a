// @ts-check
// Mailboxes: a source that could emit tens of millions of tuples a second, and two replicas that do slow work on them. The
// rings between them are full, so the source is blocked most of the time, and memory stays as it is however long it runs.
// On a terminal the column `queue` shows the rings; more replicas help only where there are cores for them.
//
//   $ npx millrace run examples/mailboxes.js --tuples 500000 --ring-bytes 65536
//   mailboxes: 1.2 s: fast 177 k/s (busy 4 %), slow 171 k/s (busy 78 %), rare 171 k/s, found 9/s
//   mailboxes: 2.2 s: fast 227 k/s (busy 6 %), slow 232 k/s (busy 94 %), rare 232 k/s, found 11/s
//   operator  replicas       in      out  tuples/s  busy  blocked
//   fast             1           500,000     200 k   5 %     65 %
//   slow             2  500,000  500,000     200 k  85 %      0 %
//   └ rare           2  500,000       28     200 k
//   found          app       28                 11
//   mailboxes: done in 2.5 s

import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

/** Work that takes about 10 µs. */
function work(/** @type {number} */ seed) {
  let value = seed;
  for (let i = 0; i < 2000; i++) value = Math.imul(value ^ i, 0x9e3779b1);
  return value >>> 0;
}

export default dataflow(import.meta.url, 'mailboxes', (flow, /** @type {{ tuples?: number }} */ { tuples = 200_000 }) =>
  flow
    .source(
      'fast',
      generate({ id: t.u32() }, (id) => ({ id }), { count: tuples }),
    )
    .keyBy('id')
    .map('slow', { id: t.u32(), result: t.u32() }, ({ id }) => ({ id, result: work(id) }), { parallelism: 2 })
    .filter('rare', ({ result }) => result % 20_000 === 0)
    .collect('found'),
);
