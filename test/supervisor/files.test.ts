// Goal: jobs on real files. A file that changes while it is read fails the job, also when another worker goes on with it; a sink
// does not get a file that another operator uses, whatever its path looks like.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { after, afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { testOperator } from '../../src/testing.ts';
import { copying, ownEnds, reading } from '../kit/flows/files.ts';
import { noThreadLeft, rejection, start, TIMEOUT } from '../kit/run-flow.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'millrace-files-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
afterEach(noThreadLeft);

let files = 0;
const newPath = (name = 'file.txt'): string => {
  const sub = join(folder, String(files++));
  fs.mkdirSync(sub);
  return join(sub, name);
};
const fileOf = (content: string): string => {
  const path = newPath();
  fs.writeFileSync(path, content);
  return path;
};
const textOf = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name} ${n}\n`).join('');

const ROWS = 100_000;
/** So small that the source is held up as long as the app does not read on. */
const RING_BYTES = 4096;

/** Reads the output to its end or to the job's failure, and does something in the midst of it. Resolves to the lines. */
async function follow(job: Job<{ out: { line: string } }>, act: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const { line } of job.output('out')) {
      lines.push(line);
      if (lines.length === 100) await act();
    }
  } catch (error) {
    await assert.rejects(job.done, error as Error);
  }
  return lines;
}

test(
  'a file that was rotated before its worker died fails the job, and no line of the new one comes out',
  TIMEOUT,
  async () => {
    const path = fileOf(textOf(ROWS, 'old'));
    const job = await start(reading, { params: { paths: path }, workers: 1, ringBytes: RING_BYTES });
    const lines = await follow(job, () => {
      fs.renameSync(path, `${path}.1`);
      fs.writeFileSync(path, textOf(2 * ROWS, 'new'));
      return job.killWorker(0);
    });
    const error = await rejection(job.done, 'INPUT_CHANGED');
    assert.equal(error.details.path, path);
    assert.equal(error.details.change, 'other');
    assert.ok(lines.length >= 100 && lines.length < ROWS);
    assert.deepEqual(lines, textOf(lines.length, 'old').trimEnd().split('\n'));
  },
);

test(
  'a file of a list that was rotated fails the job when its partition is opened again, also by another replica',
  TIMEOUT,
  async () => {
    for (const how of ['kill', 'move'] as const) {
      const paths = ['a', 'b', 'c', 'd'].map((name) => fileOf(textOf(ROWS, name)));
      const job = await start(reading, { params: { paths, parallelism: 2 }, workers: 2, ringBytes: RING_BYTES });
      const lines = await follow(job, async () => {
        for (const path of paths) {
          fs.renameSync(path, `${path}.1`);
          fs.writeFileSync(path, textOf(2 * ROWS, 'new'));
        }
        // It may fail before the move is done, which is what it is for.
        if (how === 'move') await job.move('lines', 0, 1).catch(() => {});
        else await job.killWorker(0);
      });
      const error = await rejection(job.done, 'INPUT_CHANGED');
      assert.ok(paths.includes(error.details.path as string));
      assert.ok(lines.every((line) => !line.startsWith('new')));
    }
  },
);

test('a file that is cut while it is read fails the job, and nobody needs to die', TIMEOUT, async () => {
  const path = fileOf(textOf(ROWS, 'line'.repeat(20)));
  const job = await start(reading, { params: { paths: path }, workers: 1, ringBytes: RING_BYTES });
  const lines = await follow(job, async () => fs.truncateSync(path, 1000));
  const error = await rejection(job.done, 'INPUT_CHANGED');
  assert.equal(error.details.change, 'shorter');
  assert.ok(lines.length < ROWS);
});

test('a file that is renamed, and one that grows, are read to their ends, also after a death', TIMEOUT, async () => {
  const path = fileOf(textOf(ROWS, 'line'));
  const job = await start(reading, { params: { paths: path }, workers: 1, ringBytes: RING_BYTES });
  const lines = await follow(job, async () => {
    fs.appendFileSync(path, 'the end\n');
    await job.killWorker(0);
  });
  await job.done;
  assert.equal(lines.length, ROWS + 1);
  assert.equal(lines[ROWS], 'the end');
});

/** Runs copying, which must be refused before any file is opened for writing. */
async function refused(params: { from: string; to: string; alsoTo?: string }, operator: string, other: string) {
  const before = fs.readFileSync(params.from, 'utf8');
  const error = await rejection(copying.run({ params, workers: 1 }), 'FILE_CONFLICT');
  assert.equal(error.details.operator, operator);
  assert.equal(error.details.other, other);
  for (const name of [operator, other, operator === 'also' ? (params.alsoTo as string) : params.to])
    assert.ok(error.message.includes(name), error.message);
  assert.equal(fs.readFileSync(params.from, 'utf8'), before);
}

test('FILE_CONFLICT: a sink on the file of a source, by any path that leads to it', TIMEOUT, async () => {
  const from = fileOf('a\nb\n');
  const sub = dirname(from);
  const [link, hardLink, linkedFolder] = ['link', 'hard-link', 'linked-folder'].map((name) => join(sub, name));
  fs.symlinkSync(from, link);
  fs.linkSync(from, hardLink);
  fs.symlinkSync(sub, linkedFolder);
  const paths = [
    from,
    relative('.', from),
    `${sub}/./../${basename(sub)}//file.txt`,
    link,
    hardLink,
    `${linkedFolder}/file.txt`,
  ];
  for (const to of paths) await refused({ from, to }, 'out', 'in');
  await refused({ from: link, to: hardLink }, 'out', 'in');
  await refused({ from, to: newPath(), alsoTo: link }, 'also', 'in');
});

test('FILE_CONFLICT: two sinks on one file, which need not be there yet', TIMEOUT, async () => {
  const from = fileOf('a\nb\n');
  const there = fileOf('something');
  await refused({ from, to: there, alsoTo: relative('.', there) }, 'also', 'out');
  assert.equal(fs.readFileSync(there, 'utf8'), 'something');
  const to = newPath();
  const dangling = join(folder, 'dangling');
  fs.symlinkSync(relative(folder, to), dangling);
  const linkedFolder = join(folder, 'linked');
  fs.symlinkSync(dirname(to), linkedFolder);
  for (const alsoTo of [to, dangling, join(linkedFolder, basename(to))])
    await refused({ from, to, alsoTo }, 'also', 'out');
  assert.equal(fs.existsSync(to), false);
});

test('different files, and what is no file, are no conflict', TIMEOUT, async () => {
  const from = fileOf('a\nb\n');
  const [to, alsoTo] = [newPath(), newPath()];
  const job = await start(copying, { params: { from, to, alsoTo }, workers: 1 });
  await job.done;
  for (const path of [to, alsoTo]) assert.equal(fs.readFileSync(path, 'utf8'), 'a\nb\n');
  // Two names of one folder in different letters are one file only where the file system says so.
  const folded = fs.existsSync(join(dirname(to).toUpperCase(), basename(to)));
  if (!folded) {
    const other = join(dirname(to), basename(to).toUpperCase());
    await (await start(copying, { params: { from, to, alsoTo: other }, workers: 1 })).done;
    assert.equal(fs.readFileSync(other, 'utf8'), 'a\nb\n');
  }
  if (process.platform === 'win32') return;
  await (await start(copying, { params: { from: '/dev/null', to: '/dev/null', alsoTo: '/dev/null' }, workers: 1 }))
    .done;
});

test("a source and a sink of one's own say what files they use", TIMEOUT, async () => {
  const path = fileOf('a\n');
  const error = await rejection(
    ownEnds.run({ params: { reads: [newPath(), path], writes: [path] }, workers: 1 }),
    'FILE_CONFLICT',
  );
  assert.equal(error.details.path, path);
  for (const writes of ['text', [5], ['']]) {
    const wrong = { reads: [], writes: writes as string[] };
    await rejection(ownEnds.run({ params: wrong, workers: 1 }), 'BAD_OPTION');
  }
  await (await start(ownEnds, { params: { reads: [path], writes: [newPath()] }, workers: 1 })).done;
});

test('testOperator refuses the same', () => {
  const from = fileOf('a\nb\n');
  const params = { from, to: relative('.', from) };
  assert.throws(() => testOperator(copying, 'in', { params }), { code: 'FILE_CONFLICT' });
  assert.equal(fs.readFileSync(from, 'utf8'), 'a\nb\n');
});
