// Goal: a record that a source rejects is a dead letter of the source, exactly once, through rollbacks, crashes, hand-overs and
// isolation; letters hold the source back as output does; the operator's policy decides.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import type { DeadLetter, Job } from '../../src/index.ts';
import { simulate, testOperator } from '../../src/testing.ts';
import { records } from '../kit/flows/files.ts';
import { noThreadLeft, rejection, start, TIMEOUT } from '../kit/run-flow.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'millrace-skipped-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
afterEach(noThreadLeft);

const isBad = (n: number) => n % 7 === 3;
let files = 0;

/** A file of `rows` records with ids from `first` on, some of them bad. */
function csvOf(rows: number, first = 0, badText = 'bad'): string {
  const path = join(folder, `${files++}.csv`);
  const line = (_: unknown, n: number) => `${first + n},${isBad(first + n) ? badText : n / 2}\n`;
  fs.writeFileSync(path, Array.from({ length: rows }, line).join(''));
  return path;
}

const goodIds = (rows: number) => Array.from({ length: rows }, (_, n) => n).filter((n) => !isBad(n));
const badIds = (rows: number) => Array.from({ length: rows }, (_, n) => n).filter(isBad);
const idOf = ({ tuple }: DeadLetter) => Number((tuple as { text: string }).text.split(',')[0]);
const inOrder = (ids: number[]) => ids.sort((one, other) => one - other);

type Running = Job<{ out: { id: number; value: number } }>;

/** Reads everything, and does something after so many tuples. */
async function follow(job: Running, every: number, act: () => Promise<unknown>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of job.output('out')) if (ids.push(id) % every === 0) await act();
  return ids;
}

async function lettersOf(job: Running): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of job.deadLetters) letters.push(letter);
  return letters;
}

test('each bad record is one dead letter, with line, text, column and position, and is counted', TIMEOUT, async () => {
  const path = csvOf(11);
  const job: Running = await start(records, { params: { paths: path }, workers: 1 });
  const [ids, letters] = await Promise.all([follow(job, 100, async () => {}), lettersOf(job)]);
  await job.done;
  assert.deepEqual(ids, goodIds(11));
  const found = letters.map(({ operator, replica, tuple, position }) => ({ operator, replica, tuple, position }));
  const text = fs.readFileSync(path, 'utf8');
  assert.deepEqual(
    found,
    [3, 10].map((n) => ({
      operator: 'rows',
      replica: 0,
      tuple: { line: n + 1, text: `${n},bad` },
      position: `position ${text.indexOf(`${n},bad`)} of source 'rows'`,
    })),
  );
  for (const [i, { error }] of letters.entries()) {
    assert.equal((error as Error & { code: string }).code, 'BAD_CSV');
    assert.match(error.message, new RegExp(`\\.csv, line ${[4, 11][i]}: field 'value' is f64, .*got "bad"`));
  }
  const counts = job.reading().operators.map(({ name, deadLetters }) => [name, deadLetters]);
  assert.deepEqual(counts, [
    ['rows', 2],
    ['checked', 0],
    ['out', 0],
  ]);
});

test('letters come once while workers die, together with the tuples around them', TIMEOUT, async () => {
  const rows = 12_000;
  const options = { workers: 1, ringBytes: 4096, supervision: { intensity: 1_000_000 } };
  for (const lingerMs of [0, 5]) {
    const job: Running = await start(records, { params: { paths: csvOf(rows) }, lingerMs, ...options });
    let kills = 0;
    const kill = async () => {
      const { worker } = job.workers().filter(({ state }) => state === 'active')[0] ?? {};
      if (worker !== undefined && (await job.killWorker(worker).then(() => true))) kills++;
    };
    const [ids, letters] = await Promise.all([follow(job, 3000, kill), lettersOf(job)]);
    await job.done;
    assert.ok(kills > 0);
    assert.deepEqual(ids, goodIds(rows));
    assert.deepEqual(letters.map(idOf), badIds(rows));
  }
});

test('letters come once from the partitions of a list, while these change hands and workers die', TIMEOUT, async () => {
  const rows = 5000;
  const paths = [0, 1, 2, 3].map((part) => csvOf(rows, part * rows));
  const job: Running = await start(records, {
    params: { paths, parallelism: 2 },
    workers: 2,
    ringBytes: 4096,
    supervision: { intensity: 1_000_000 },
  });
  let acts = 0;
  const act = async () => {
    const active = job.workers().filter(({ state }) => state === 'active');
    if (acts++ % 2 === 0) await job.move('rows', 0, active[acts % active.length].worker).catch(() => {});
    else await job.killWorker(active[0].worker);
  };
  const [ids, letters] = await Promise.all([follow(job, 3000, act), lettersOf(job)]);
  await job.done;
  assert.deepEqual(inOrder(ids), goodIds(4 * rows));
  assert.deepEqual(inOrder(letters.map(idOf)), badIds(4 * rows));
  assert.ok(letters.every(({ position }) => /^position \d+ of partition \d of source 'rows'$/.test(position)));
});

test(
  'a batch that is rolled back and isolated, for a tuple that fails behind the source, keeps its letters',
  TIMEOUT,
  async () => {
    const rows = 5000;
    const job: Running = await start(records, { params: { paths: csvOf(rows), poison: 1000 }, workers: 1 });
    const [ids, letters] = await Promise.all([follow(job, rows, async () => {}), lettersOf(job)]);
    await job.done;
    assert.deepEqual(
      ids,
      goodIds(rows).filter((n) => n !== 2000),
    );
    const ofSource = letters.filter(({ operator }) => operator === 'rows');
    assert.deepEqual(ofSource.map(idOf), badIds(rows));
    assert.deepEqual(
      letters.filter(({ operator }) => operator !== 'rows').map(({ operator, tuple }) => ({ operator, tuple })),
      [{ operator: 'checked', tuple: { id: 2000, value: 1000 } }],
    );
  },
);

test('more letters than their outbox would hold: the source waits for the app to take them', TIMEOUT, async () => {
  const rows = 6000;
  const path = join(folder, 'all-bad.csv');
  const text = 'x'.repeat(5000);
  fs.writeFileSync(path, Array.from({ length: rows }, (_, n) => `${n},${text}\n`).join(''));
  const job: Running = await start(records, { params: { paths: [path, csvOf(100)] }, workers: 1 });
  let longest = 0;
  let count = 0;
  const take = async () => {
    for await (const letter of job.deadLetters) {
      longest = Math.max(longest, (letter.tuple as { text: string }).text.length);
      count++;
    }
  };
  const [ids] = await Promise.all([follow(job, rows, async () => {}), take()]);
  await job.done;
  assert.deepEqual(ids, goodIds(100));
  assert.equal(count, rows + badIds(100).length);
  assert.ok(longest < 1100, `${longest} characters of a record`);
});

test(
  "failure: 'stop' of the source's operator fails the job at the first record that is rejected",
  TIMEOUT,
  async () => {
    for (const paths of [csvOf(5000), [csvOf(5000), csvOf(10)]]) {
      const job: Running = await start(records, { params: { paths, failure: 'stop' }, workers: 1 });
      const error = await rejection(job.done, 'BAD_CSV');
      assert.equal(error.details.operator, 'rows');
      assert.equal(error.details.line, 4);
      assert.equal(job.deadLetters.count, 0);
    }
  },
);

test('testOperator gives the letters, each once', async () => {
  const rows = 60;
  const operator = testOperator<unknown, { id: number }>(records, 'rows', { params: { paths: csvOf(rows) } });
  await operator.read();
  const letters = operator.deadLetters();
  assert.deepEqual(
    operator.emitted().map(({ id }) => id),
    goodIds(rows),
  );
  assert.deepEqual(letters.map(idOf), badIds(rows));
  operator.close();
});

test('simulate crashes the source anywhere, and letters come once', TIMEOUT, async () => {
  const rows = 400;
  const paths = csvOf(rows);
  let crashed = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const { outputs, deadLetters, crashes } = await simulate(records, { params: { paths }, seed, crashes: 0.01 });
    assert.deepEqual(
      (outputs as { out: { id: number }[] }).out.map(({ id }) => id),
      goodIds(rows),
    );
    assert.deepEqual(deadLetters.map(idOf), badIds(rows));
    crashed += crashes;
  }
  assert.ok(crashed > 0);
});
