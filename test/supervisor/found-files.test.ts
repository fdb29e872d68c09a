// Goal: jobs on folders: whichever worker dies, and whatever is put into the folder meanwhile, each line of the files that were found
// counts once; no sink writes one of them.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { copying, reading } from '../kit/flows/files.ts';
import { noThreadLeft, rejection, start, TIMEOUT } from '../kit/run-flow.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'millrace-found-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
afterEach(noThreadLeft);

const FILES = 23;
const ROWS = 2000;
/** So small that the source is held up as long as the app does not read on. */
const RING_BYTES = 4096;

let folders = 0;
function newFolder(): string {
  const path = join(folder, String(folders++));
  fs.mkdirSync(path);
  for (let file = 0; file < FILES; file++) {
    const lines = Array.from({ length: ROWS + file }, (_, n) => `${file} ${n}\n`);
    fs.writeFileSync(join(path, `${100 + file}.log`), lines.join(''));
  }
  return path;
}
const EXPECTED = Array.from({ length: FILES }, (_, file) =>
  Array.from({ length: ROWS + file }, (_, n) => `${file} ${n}`),
);

for (const parallelism of [1, 3]) {
  test(`workers die, and files come: ${parallelism} replicas`, TIMEOUT, async () => {
    const path = newFolder();
    const params = { paths: `${path}/*.log`, parallelism };
    const job = await start(reading, { params, workers: 2, ringBytes: RING_BYTES });
    const lines: string[] = [];
    let killed = 0;
    for await (const { line } of job.output('out')) {
      lines.push(line);
      if (lines.length % 10_000 !== 5000) continue;
      fs.writeFileSync(join(path, `${lines.length}.log`), 'new\n');
      const [{ worker }] = job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      await job.killWorker(worker);
      killed++;
    }
    await job.done;
    assert.ok(killed > 2, `${killed} killed`);
    const ofFile = (file: number) => lines.filter((line) => line.startsWith(`${file} `));
    for (const [file, expected] of EXPECTED.entries()) assert.deepEqual(ofFile(file), expected);
    assert.equal(lines.length, EXPECTED.flat().length);
    if (parallelism === 1) assert.deepEqual(lines, EXPECTED.flat(), 'one after the other');
  });
}

test('a folder without a file fails run() before any thread is there', TIMEOUT, async () => {
  const error = await rejection(start(reading, { params: { paths: `${folder}/none/*.log` } }), 'INPUT_FILE');
  assert.match(error.message, /no file matches/);
});

test('a sink does not write a file that was found', TIMEOUT, async () => {
  const path = newFolder();
  const params = { from: `${path}/*.log`, to: join(path, '105.log') };
  const error = await rejection(start(copying, { params }), 'FILE_CONFLICT');
  assert.equal(error.details.other, 'in');
  assert.equal(fs.readFileSync(params.to, 'utf8').split('\n').length, ROWS + 6);
});
