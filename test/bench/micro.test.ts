// Goal: the micro-benchmarks run and end with their table and the page; a contender that fails is an error, and threads end.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../bench/harness.ts';
import { measureSubject, type Subject } from '../../bench/micro/subject.ts';

const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const NAMES = [
  ...['encode', 'decode', 'copy'].flatMap((part) => ['fixed', 'string', 'json'].map((kind) => `${part}-${kind}`)),
  ...['look-up', 'touch'].flatMap((part) => ['1k', '1m'].map((size) => `${part}-${size}`)),
  'commit',
  'wake',
];

test('npm run bench -- micro --quick', { timeout: 180_000 }, () => {
  const file = join(folder, 'micro.json');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'micro', '--quick', '--json', file], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const [table, page] = stdout.split('\nThe machine\n');
  for (const name of NAMES) assert.match(table, new RegExp(`^${name} +millrace +[\\d.]+ (ns|µs)`, 'm'));
  assert.match(page, /Where does the time of a tuple go\?/);
  assert.doesNotMatch(page, /And also/);
  assert.match(page.trimEnd(), /too short for these figures to mean much\.$/);

  const { machine, results } = JSON.parse(readFileSync(file, 'utf8'));
  assert.ok(machine.wakeUps.wait.p50Us > 0);
  assert.deepEqual(
    results.map(({ name }: Result) => name),
    NAMES,
  );
  for (const { name, value, min, p99, runs, vs } of results as Result[]) {
    assert.ok(min > 0 && min <= value && value <= (p99 ?? 0) && runs > 0, name);
    for (const { ratio, ratioMin, ratioMax } of Object.values(vs)) {
      assert.ok(ratioMin > 0 && ratioMin <= ratio && ratio <= ratioMax, name);
    }
  }
});

test('a wrong command line ends with its usage and exit code 1', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'micro', '--quick', '--full'], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^--quick and --full do not go together\nusage: npm run bench/);
});

const subject = (run: () => unknown, ended: () => void): Subject => ({
  name: 'test',
  unit: 'ns',
  ours: { operations: 10, run: () => Math.hypot(3, 4) },
  baselines: { other: { operations: 1, run } },
  close: async () => ended(),
});

test('a contender that throws is an error, and its threads end', async () => {
  let ended = 0;
  const failing = subject(
    () => {
      throw new Error('no such row');
    },
    () => ended++,
  );
  await assert.rejects(
    measureSubject(failing, 'quick', () => {}),
    /no such row/,
  );
  assert.equal(ended, 1);
});

test('an asynchronous contender is awaited', async () => {
  let [begun, finished, ended] = [0, 0, 0];
  const run = async (): Promise<void> => {
    begun++;
    await new Promise(setImmediate);
    finished++;
    if (begun !== finished) throw new Error('runs overlap');
  };
  const waiting = subject(run, () => ended++);
  const baselines = { other: { operations: 1, run, isAsync: true } };
  const { runs, vs } = await measureSubject({ ...waiting, baselines }, 'quick', () => {});
  assert.ok(runs > 0 && finished > 0);
  assert.deepEqual(Object.keys(vs), ['other']);
  assert.equal(ended, 1);
});
