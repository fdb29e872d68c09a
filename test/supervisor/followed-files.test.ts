// Goal: a job that follows files reads on though workers die and files are rotated under it, gives each line once, and ends when it is
// stopped.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { reading } from '../kit/flows/files.ts';
import { noThreadLeft, rejection, start, TIMEOUT } from '../kit/run-flow.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'millrace-followed-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
afterEach(noThreadLeft);

test('workers die while a file grows and is rotated; the job ends when it is stopped', TIMEOUT, async () => {
  const path = join(folder, 'app.log');
  const job = await start(reading, { params: { paths: path, follow: true }, workers: 1 });
  const lines: string[] = [];
  const taking = (async () => {
    for await (const { line } of job.output('out')) lines.push(line);
  })();
  let written = 0;
  const write = (count: number) => {
    const text = Array.from({ length: count }, (_, n) => `line ${written + n}\n`).join('');
    fs.appendFileSync(path, text);
    written += count;
  };
  const kill = async () => {
    const [{ worker }] = job.workers().filter(({ actors }) => actors.length > 0);
    await job.killWorker(worker);
  };
  const allRead = async () => {
    for (let i = 0; i < 1000 && lines.length < written; i++) await sleep(10);
    assert.equal(lines.length, written);
  };
  write(5000);
  await allRead();
  await kill();
  write(100);
  await allRead();
  // While the worker is gone.
  const killing = kill();
  write(50);
  fs.renameSync(path, `${path}.1`);
  write(5);
  await killing;
  await allRead();
  fs.renameSync(path, `${path}.2`);
  write(5);
  await allRead();
  await job.stop();
  await taking;
  assert.deepEqual(
    lines,
    Array.from({ length: written }, (_, n) => `line ${n}`),
  );
});

test('several files are followed side by side, by replicas', TIMEOUT, async () => {
  const paths = ['a', 'b', 'c'].map((name) => join(folder, `${name}.log`));
  const job = await start(reading, { params: { paths, follow: true, parallelism: 2 }, workers: 2 });
  const lines: string[] = [];
  const taking = (async () => {
    for await (const { line } of job.output('out')) lines.push(line);
  })();
  for (let n = 0; n < 10; n++) {
    for (const path of paths) fs.appendFileSync(path, `${path} ${n}\n`);
    await sleep(20);
  }
  for (let i = 0; i < 1000 && lines.length < 30; i++) await sleep(10);
  for (const path of paths) {
    const own = lines.filter((line) => line.startsWith(path));
    assert.deepEqual(
      own,
      Array.from({ length: 10 }, (_, n) => `${path} ${n}`),
    );
  }
  const ended = Promise.all([rejection(taking, 'JOB_CANCELLED'), rejection(job.done, 'JOB_CANCELLED')]);
  await job.cancel();
  await ended;
});
