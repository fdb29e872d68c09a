// Goal: flows and loops of Nexmark are right for traces of any seed, bound and allowed lateness, in each layout, compressed or not, and
// where files are empty or have one line: as a model says that shares no code with them.
// MILLRACE_TEST_SEED=<seed> repeats the traces; in the long form each flow has each layout.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compareTable, isSame } from '../../bench/nexmark/compare.ts';
import { flows } from '../../bench/nexmark/flows.ts';
import { LAYOUTS, type Layout } from '../../bench/nexmark/layouts.ts';
import { runLoop } from '../../bench/nexmark/loops/run.ts';
import { runFlow } from '../../bench/nexmark/run.ts';
import { STREAMS, TABLE_NAMES, tableOf } from '../../bench/nexmark/tables.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { nexmarkModel, type Row } from '../kit/nexmark/model.ts';
import { randomTrace, type Trace } from '../kit/nexmark/trace.ts';
import { newPath } from '../kit/temporary-files.ts';

const given = process.env.MILLRACE_TEST_SEED;
const seed = given === undefined ? Date.now() % 1_000_000 : Number(given);

const EVENTS = shortOrLong(600, 1500);

const cell = (value: string | number): string =>
  typeof value === 'string' && /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value);
const csvOf = (header: readonly string[], rows: readonly Row[]): string =>
  [header, ...rows].map((row) => `${row.map(cell).join()}\n`).join('');

const HEADERS = {
  persons: 'seq,id,name,emailAddress,creditCard,city,state,dateTime',
  auctions: 'seq,id,itemName,description,initialBid,reserve,dateTime,expires,seller,category',
  bids: 'seq,auction,bidder,price,channel,url,dateTime',
  lines: 'seq,dateTime,line',
};

function write(trace: Trace, isCompressed: boolean): string {
  const folder = newPath('');
  mkdirSync(folder);
  for (const stream of STREAMS) {
    const header = HEADERS[stream].split(',');
    const rows = (trace[stream] as readonly object[]).map((event) => {
      const fields = event as Readonly<Record<string, string | number>>;
      return header.map((name) => fields[name]);
    });
    const text = csvOf(header, rows);
    if (isCompressed) writeFileSync(join(folder, `${stream}.csv.gz`), gzipSync(text));
    else writeFileSync(join(folder, `${stream}.csv`), text);
  }
  const side = trace.side.map(({ key, value }): Row => [key, value]);
  writeFileSync(join(folder, 'side.csv'), csvOf(['key', 'value'], side));
  return folder;
}

type Expected = ReturnType<typeof nexmarkModel>;

function assertExpected(table: string, output: string, expected: Expected, what: string): void {
  const path = newPath('.csv');
  writeFileSync(path, csvOf(tableOf(table).columns, expected[table]));
  const comparison = compareTable(table, join(output, `${table}.csv`), path);
  assert.ok(isSame(comparison), `${what}: ${JSON.stringify(comparison, null, 1)}`);
}

/** The times that make lines late: as the spec says, none at all, and some between. */
const TIMES = [
  { boundMs: 4000, allowedMs: 6000 },
  { boundMs: 0, allowedMs: 0 },
  { boundMs: 1500, allowedMs: 1 },
  { boundMs: 20_000, allowedMs: 0 },
];

const only = (trace: Trace, counts: Partial<Record<keyof Trace, number>>): Trace => ({
  persons: trace.persons.slice(0, counts.persons ?? 0),
  auctions: trace.auctions.slice(0, counts.auctions ?? 0),
  bids: trace.bids.slice(0, counts.bids ?? 0),
  lines: trace.lines.slice(0, counts.lines ?? 0),
  side: trace.side.slice(0, counts.side ?? 0),
});

/** The loop of each table gives what the model does. */
async function requireLoops(
  expected: Expected,
  order: Omit<Parameters<typeof runLoop>[0], 'table' | 'output' | 'by'>,
): Promise<void> {
  const output = newPath('');
  for (const table of TABLE_NAMES) {
    await runLoop({ ...order, table, output, by: 'bytes' });
    assertExpected(table, output, expected, `loop of ${table}, ${order.layout}`);
  }
}

for (const [i, times] of TIMES.entries()) {
  test(`loops, seed ${seed + i}, bound ${times.boundMs} and ${times.allowedMs} ms`, async () => {
    const trace = randomTrace({ seed: seed + i, events: EVENTS, ...times });
    const input = write(trace, i % 2 === 1);
    for (const layout of shortOrLong<readonly Layout[]>([LAYOUTS[(seed + i) % LAYOUTS.length]], LAYOUTS)) {
      await requireLoops(nexmarkModel(trace, { layout, ...times }), { ...times, input, layout });
    }
  });
}

const tables = Object.keys(flows);
/** Each table in one layout and with other times, or in all. */
const ways = tables.flatMap((table, i) =>
  LAYOUTS.map((layout, at) => ({
    table,
    layout,
    which: (i + at) % TIMES.length,
    parallelism: [1, 2, 4][(i + at) % 3],
  })),
);
const drawn = ways.filter(({ layout }, i) => LAYOUTS.indexOf(layout) === (Math.floor(i / LAYOUTS.length) + seed) % 4);

for (const { table, layout, which, parallelism } of shortOrLong(
  drawn.filter((_, i) => i % 4 === seed % 4),
  ways,
)) {
  test(`flow of ${table}, seed ${seed + which}, layout ${layout}, parallelism ${parallelism}`, async () => {
    const times = TIMES[which];
    const trace = randomTrace({ seed: seed + which, events: EVENTS, ...times });
    const output = newPath('');
    const order = { ...times, table, input: write(trace, which % 2 === 1), output, layout, parallelism, workers: 2 };
    await runFlow(order);
    assertExpected(table, output, nexmarkModel(trace, { layout, ...times }), `flow of ${table}`);
  });
}

const SHORT = [
  ['empty files', {}],
  ['a line each', { persons: 1, auctions: 1, bids: 1, lines: 1, side: 1 }],
  ['no bids', { persons: 50, auctions: 50, lines: 3, side: 300 }],
  ['nothing but bids', { bids: 200 }],
] as const;

for (const [i, [name, counts]] of SHORT.entries()) {
  test(`${name}: loops, and a flow`, async () => {
    const [times] = TIMES;
    const trace = only(randomTrace({ seed, events: EVENTS, ...times }), counts);
    const input = write(trace, false);
    for (const layout of shortOrLong<readonly Layout[]>([LAYOUTS[(seed + i) % LAYOUTS.length]], LAYOUTS)) {
      const expected = nexmarkModel(trace, { layout, ...times });
      await requireLoops(expected, { ...times, input, layout });
      const flowOutput = newPath('');
      for (const table of shortOrLong([tables[(seed + layout.length) % tables.length]], tables)) {
        await runFlow({ ...times, table, input, output: flowOutput, layout, parallelism: 2, workers: 2 });
        assertExpected(table, flowOutput, expected, `flow of ${table}, ${layout}`);
      }
    }
  });
}
