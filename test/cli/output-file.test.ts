// Goal: `--output` puts into a file what would go to standard output, whole, and never over what the flow reads.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAIN, type Outcome, start } from '../kit/command.ts';
import { docsFolder } from '../kit/docs-code.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const FLOW = `import { dataflow } from 'millrace';
import { readLines } from 'millrace/sources';
export default dataflow(import.meta.url, 'copy', (flow) => flow.source('lines', readLines('in.txt')).filter('some', ({ line }) => {
  if (line === '77') throw new Error('not this one');
  return true;
}).collect('lines-seen'));
`;
const LINES = Array.from({ length: 5000 }, (_, i) => `${i}`);

async function run(...args: string[]): Promise<Outcome & { readonly read: (name: string) => string }> {
  const folder = docsFolder({ 'copy.js': FLOW, 'in.txt': `${LINES.join('\n')}\n` });
  try {
    const outcome = await start(MAIN, ['run', 'copy.js', ...args], folder.path).done;
    const texts = new Map<string, string>();
    for (const name of ['in.txt', 'out.txt', 'copy.js']) {
      try {
        texts.set(name, readFileSync(join(folder.path, name), 'utf8'));
      } catch {
        // Not every run makes it.
      }
    }
    return { ...outcome, read: (name) => texts.get(name) ?? 'no file' };
  } finally {
    folder.remove();
  }
}

const expected = LINES.filter((line) => line !== '77');

test('lines go to the file, all of them', TIMEOUT, async () => {
  const { code, stdout, stderr, read } = await run('--output', 'out.txt', '--allow-dead-letters');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '');
  assert.equal(read('out.txt'), `${expected.join('\n')}\n`);
});

test('in JSON tuples and dead letters go to the file, totals to standard output', TIMEOUT, async () => {
  const { code, stdout, read } = await run('--output', 'out.txt', '--json');
  assert.equal(code, 3);
  const lines = read('out.txt').trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line));
  const tuples = entries.flatMap((entry) => ('tuple' in entry ? [entry.tuple.line] : []));
  assert.deepEqual(tuples, expected);
  assert.deepEqual(
    entries.flatMap(({ deadLetter }) => (deadLetter === undefined ? [] : [deadLetter.tuple.line])),
    ['77'],
  );
  const { totals, incidents, hints } = JSON.parse(stdout);
  assert.equal(totals.operators.at(-1).tuplesIn, expected.length);
  assert.equal(incidents.deadLetters, 1);
  assert.deepEqual(hints, []);
});

test('the file of a source is not overwritten', TIMEOUT, async () => {
  const { code, stderr, read } = await run('--output', './in.txt');
  assert.equal(code, 2);
  assert.match(stderr, /--output.*\[FILE_CONFLICT\]/);
  assert.equal(read('in.txt'), `${LINES.join('\n')}\n`);
});

test('the module of the flow is not overwritten', TIMEOUT, async () => {
  const { code, stderr, read } = await run('--output', './copy.js');
  assert.equal(code, 2);
  assert.match(stderr, /--output would write over "\.\/copy\.js", which is the flow's module.*\[FILE_CONFLICT\]/);
  assert.equal(read('copy.js'), FLOW);
});

test('a job that cannot start leaves the file as it is', TIMEOUT, async () => {
  const folder = docsFolder({ 'copy.js': FLOW, 'out.txt': 'of yesterday' });
  try {
    const { code, stderr } = await start(MAIN, ['run', 'copy.js', '--output', 'out.txt'], folder.path).done;
    assert.equal(code, 1);
    assert.match(stderr, /in\.txt.*\[INPUT_FILE\]/);
    assert.equal(readFileSync(join(folder.path, 'out.txt'), 'utf8'), 'of yesterday');
  } finally {
    folder.remove();
  }
});

test('a file that cannot be written is wrong usage', TIMEOUT, async () => {
  const { code, stderr } = await run('--output', 'no/folder.txt');
  assert.equal(code, 2);
  assert.match(stderr, /--output cannot write no\/folder\.txt: .* \[SINK_FAILED\]/);
});

test('a disk that is full fails the run', { ...TIMEOUT, skip: process.platform !== 'linux' }, async () => {
  const { code, stderr } = await run('--output', '/dev/full');
  assert.equal(code, 1, stderr);
  assert.match(stderr, /--output cannot write \/dev\/full: .*ENOSPC.* \[SINK_FAILED\]/);
});
