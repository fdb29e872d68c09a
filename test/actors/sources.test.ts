// Goal: what a source holds comes out of a real job, complete and in order; bad records fail the job with their line.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fromCsv, fromLines, fromValues, generated, notIterable } from '../kit/flows/sources.ts';
import { failureOf, inOneOf, noThreadLeft, rejection, resultOf, start, TIMEOUT } from '../kit/run-flow.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-flows-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(noThreadLeft);

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('readLines gives the lines of a file, in order', TIMEOUT, async () => {
  const lines = Array.from({ length: 30_000 }, (_, n) => `${n} ${'é'.repeat(n % 5)}${n % 100 === 0 ? '漢字' : ''}`);
  const path = file('lines.txt', `${lines.join('\n')}\n`);
  const tuples = await resultOf(fromLines, 'out', { params: { path }, workers: 1 });
  assert.deepEqual(
    tuples.map(({ line }) => line),
    lines,
  );
});

const record = (n: number) => ({ id: n, name: `name ${n}, "quoted"`, price: n / 8, sold: n % 2 === 0 });
const csvLine = (n: number) => `${n},"name ${n}, ""quoted""",${n / 8},${n % 2 === 0}`;

test('readCsv gives the records of a file with and without a header', TIMEOUT, async () => {
  const numbers = Array.from({ length: 10_000 }, (_, n) => n);
  const records = numbers.map(record);
  const lines = numbers.map(csvLine).join('\r\n');
  const plain = file('plain.csv', lines);
  assert.deepEqual(await resultOf(fromCsv, 'out', { params: { path: plain }, workers: 1 }), records);
  const headed = file('headed.csv', `id,name,price,sold\r\n${lines}`);
  assert.deepEqual(await resultOf(fromCsv, 'out', { params: { path: headed, header: true }, workers: 1 }), records);
});

test('BAD_CSV fails the job with file and line; badRecords: skip leaves such lines out', TIMEOUT, async () => {
  const path = file('bad.csv', `${csvLine(0)}\n${csvLine(1)}\n-5,wrong,1,true\n${csvLine(3)}\n`);
  const { error, tuples } = await failureOf(fromCsv, 'BAD_CSV', { params: { path }, workers: 1 }, 'out');
  assert.equal(error.details.path, path);
  assert.equal(error.details.line, 3);
  assert.equal(error.details.operator, 'records');
  assert.match(error.message, /line 3/);
  assert.ok(tuples.length <= 2);
  const skipped = await resultOf(fromCsv, 'out', { params: { path, badRecords: 'skip' }, workers: 1 });
  assert.deepEqual(skipped, [record(0), record(1), record(3)]);
});

for (const isAsync of [false, true]) {
  test(`fromIterable gives what ${isAsync ? 'an async' : 'an'} iterable yields`, TIMEOUT, async () => {
    const count = 5000;
    const tuples = await resultOf(fromValues, 'out', { params: { count, isAsync }, workers: 1 });
    assert.deepEqual(
      tuples,
      Array.from({ length: count }, (_, n) => ({ n })),
    );
  });
}

const keepsItsRate = async (): Promise<void> => {
  const count = 400;
  const ratePerSecond = 1000;
  const job = await start(generated, { params: { count, ratePerSecond }, workers: 1 });
  let first = 0;
  let seen = 0;
  let ahead = 0;
  for await (const { n } of job.output('out')) {
    if (seen === 0) first = performance.now();
    assert.equal(n, seen++);
    ahead = Math.max(ahead, seen - ((performance.now() - first) * ratePerSecond) / 1000);
  }
  const elapsedMs = performance.now() - first;
  await job.done;
  assert.equal(seen, count);
  assert.ok(elapsedMs > 360 && elapsedMs < 700, `${elapsedMs} ms for ${count} tuples at ${ratePerSecond} per second`);
  assert.ok(ahead < 60, `${ahead} tuples ahead of the rate`);
};

test('generate gives count tuples, at most ratePerSecond of them, and no burst', TIMEOUT, () =>
  inOneOf(5, keepsItsRate),
);

test('what fromIterable cannot iterate over keeps the flow from starting: BAD_OPTION', TIMEOUT, async () => {
  const error = await rejection(notIterable.run({ workers: 1 }), 'BAD_OPTION');
  assert.equal(error.details.option, 'make');
});
