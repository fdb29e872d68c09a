// Goal: Nexmark's command line is read as its usage says; flows give the expected tables, also while workers are killed; a longer trace
// has the same answers once for each copy.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BadCommandLine } from '../../bench/bad-command-line.ts';
import { isNexmark, readCommandLine, USAGE } from '../../bench/nexmark/command-line.ts';
import { compareTable, isSame } from '../../bench/nexmark/compare.ts';
import { fileOf } from '../../bench/nexmark/files.ts';
import { flows } from '../../bench/nexmark/flows.ts';
import type { Layout } from '../../bench/nexmark/layouts.ts';
import { writeLonger } from '../../bench/nexmark/longer.ts';
import { runLoop } from '../../bench/nexmark/loops/run.ts';
import { ALLOWED_MS, BOUND_MS } from '../../bench/nexmark/rules.ts';
import { runFlow } from '../../bench/nexmark/run.ts';
import { TABLE_NAMES } from '../../bench/nexmark/tables.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { newPath } from '../kit/temporary-files.ts';

const small = fileURLToPath(new URL('../../../test/data/nexmark/', import.meta.url));
const times = { boundMs: BOUND_MS, allowedMs: ALLOWED_MS };

/** A fast machine may end a run before anything was killed: such a run shows nothing, and the next one is looked at. */
const CHAOS_RUNS_MAX = 20;
const KILLS_MAX = 3;

function assertExpected(table: string, output: string): void {
  const comparison = compareTable(table, join(output, `${table}.csv`), fileOf(join(small, 'expected'), table));
  assert.ok(isSame(comparison), JSON.stringify(comparison, null, 1));
}

const RUNS: readonly { readonly table: string; readonly layout: Layout }[] = [
  { table: 'q3', layout: 'merged' },
  { table: 'q19', layout: 'dealt2' },
  { table: 'late_lines', layout: 'types' },
];

const all = (['types', 'merged', 'dealt2', 'dealt4'] as const).flatMap((layout) =>
  Object.keys(flows).map((table) => ({ table, layout })),
);

for (const { table, layout } of shortOrLong(RUNS, all)) {
  test(`the flow of ${table}, layout ${layout}`, async () => {
    const output = newPath('');
    await runFlow({ ...times, table, input: small, output, layout, parallelism: 2, workers: 2 });
    assertExpected(table, output);
  });
}

/** One of each kind of operator: windows, sessions, timers of two inputs, joins. */
const KILLED = ['q5', 'q6', 'q9', 'q11', 'q12_allowed', 'interval', 'words'].map((table) => ({
  table,
  layout: 'dealt2' as const,
}));

for (const { table, layout } of shortOrLong(RUNS.slice(0, 1), KILLED)) {
  test(`the flow of ${table}, layout ${layout}, while workers are killed`, async () => {
    let kills = 0;
    for (let run = 0; run < CHAOS_RUNS_MAX && kills === 0; run++) {
      const output = newPath('');
      const order = { ...times, table, input: small, output, layout, parallelism: 2, workers: 2 };
      const { chaos } = await runFlow({ ...order, chaosSeed: 40 + run, killsMax: KILLS_MAX });
      assertExpected(table, output);
      kills += chaos.kills;
    }
    assert.ok(kills > 0, 'no worker was killed');
  });
}

test('each flow is named after its table', () => {
  for (const [table, flow] of Object.entries(flows)) {
    assert.equal(flow.name, table);
    assert.ok(TABLE_NAMES.includes(table));
  }
});

test('a longer trace has the answers of each copy', async () => {
  const input = newPath('');
  const output = newPath('');
  writeLonger(small, input, 3);
  const rows = async (table: string): Promise<string[][]> => {
    await runLoop({ ...times, table, input, output, layout: 'dealt2', by: 'bytes' });
    const lines = readFileSync(join(output, `${table}.csv`), 'utf8')
      .trimEnd()
      .split('\n');
    return lines.slice(1).map((line) => line.split(','));
  };
  const average = readFileSync(join(small, 'expected', 'q4.csv'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1);
  const tripled = average.map((line) => {
    const [category, auctions, total, mean] = line.split(',').map(Number);
    return [category, 3 * auctions, 3 * total, mean].map(String);
  });
  assert.deepEqual((await rows('q4')).sort(), tripled.sort());
  const hot = readFileSync(join(small, 'expected', 'q5.csv'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1);
  const shifted = [0, 1, 2].flatMap((copy) =>
    hot.map((line) => {
      const [start, auction, bids] = line.split(',').map(Number);
      return [start + copy * 172_800_000, auction + copy * 61_500, bids].map(String);
    }),
  );
  assert.deepEqual((await rows('q5')).sort(), shifted.sort());
  assert.equal((await rows('late_bids')).length, 3 * 145);
  assert.equal((await rows('words')).length, 3 * 11_707);
});

const given = ['--input', 'in', '--out', 'out'];

test('options are taken; without a query all tables that can be had', () => {
  const order = readCommandLine([...given, '--query', 'q0,q3', '--layout', 'dealt4', '--chaos', '7', '--repeat', '2']);
  assert.deepEqual(order, {
    tables: ['q0', 'q3'],
    isLoop: false,
    input: 'in',
    output: 'out',
    expected: undefined,
    layout: 'dealt4',
    copies: 2,
    workers: availableParallelism(),
    parallelism: 1,
    boundMs: BOUND_MS,
    allowedMs: ALLOWED_MS,
    chaosSeed: 7,
  });
  const tables = (...args: string[]): readonly string[] => {
    const read = readCommandLine([...given, ...args]);
    return read === 'help' ? [] : read.tables;
  };
  assert.deepEqual([...tables()].sort(), Object.keys(flows).sort());
  assert.deepEqual(tables('--loop'), TABLE_NAMES);
});

test('--help asks for the usage, which names every table; a suite of that name has other options', () => {
  assert.equal(readCommandLine(['--help']), 'help');
  for (const name of TABLE_NAMES) assert.ok(USAGE.includes(name), name);
  assert.ok(isNexmark(['nexmark', ...given]) && isNexmark(['nexmark', '--input=in']));
  assert.ok(!isNexmark(['nexmark', '--quick']) && !isNexmark(['csv', '--help']));
});

const refused: readonly [readonly string[], RegExp][] = [
  [['--input', 'in'], /--input and --out are needed/],
  [[...given, '--query', 'q10'], /unknown table 'q10'/],
  [[...given, '--layout', 'dealt3'], /unknown layout 'dealt3'/],
  [[...given, '--repeat', '0'], /--repeat takes an integer from 1 on, got '0'/],
  [[...given, '--repeat', '2', '--expected', 'dir'], /--expected and --repeat do not go together/],
  [[...given, '--loop', '--chaos', '1'], /--loop and --chaos do not go together/],
  [[...given, '--fast'], /--fast/],
];
for (const [args, message] of refused) {
  test(`refused: ${args.join(' ')}`, () => {
    assert.throws(
      () => readCommandLine(args),
      (error: unknown) => error instanceof BadCommandLine && message.test(error.message),
    );
  });
}
