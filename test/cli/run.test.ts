// Goal: a flow runs from the command line with its params, and its tuples come out whole, as lines or as JSON.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowModule, MAIN, millrace, start } from '../kit/command.ts';

const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('params reach the build function', async () => {
  const { code, stdout } = await millrace(
    'run',
    flowModule('params'),
    '--file',
    'a.txt',
    '--n=5',
    '--max-words',
    '2',
    '--on',
    '--json',
  );
  assert.equal(code, 0);
  const [first] = jsonLines(stdout);
  assert.deepEqual(first, { output: 'given', tuple: { given: { file: 'a.txt', n: 5, maxWords: 2, on: true } } });
});

test('without a terminal tuples go to standard output, and progress to standard error', async () => {
  const { code, stdout, stderr } = await millrace('run', flowModule('several'), '--flow', 'two');
  assert.equal(code, 0);
  assert.equal(stdout, '2\n');
  assert.match(stderr, /^operator +replicas +in +out +tuples\/s +busy +blocked\n/);
  assert.match(stderr, /two: done in \d+\.\d s\n$/);
  assert.ok(!stderr.includes('\x1b'));
});

test('a tuple is one line, whatever it holds', async () => {
  const { stdout } = await millrace('run', flowModule('values'));
  assert.equal(stdout, 'a\\tb\\nc\\\\\tAQL/\t{"deep":["Bw=="]}\t-0\n');
});

test('--json ends with the totals of the whole run', async () => {
  const { code, stdout } = await millrace('run', flowModule('values'), '--json');
  assert.equal(code, 0);
  const [tuple, last, ...more] = jsonLines(stdout);
  assert.deepEqual(tuple, {
    output: 'values',
    tuple: { text: 'a\tb\nc\\', bytes: 'AQL/', nested: { deep: ['Bw=='] }, number: 0 },
  });
  const { totals } = last as { totals: { spanMs: number; operators: { name: string; tuplesIn: number }[] } };
  assert.ok(totals.spanMs > 0);
  assert.deepEqual(
    totals.operators.map(({ name, tuplesIn }) => [name, tuplesIn]),
    [
      ['once', 0],
      ['values', 1],
    ],
  );
  assert.deepEqual(more, []);
});

test('help and version', async () => {
  const [help, version] = await Promise.all([millrace('--help'), millrace('--version')]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^millrace run <module>/);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

test('the first interrupt drains the job, and every output is complete', async () => {
  const command = start(MAIN, ['run', flowModule('endless'), '--json']);
  await command.seen('"squares"');
  command.interrupt();
  const { code, stdout, stderr } = await command.done;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /endless: stopping/);
  const lines = jsonLines(stdout);
  const tuples = (name: string): Record<string, number>[] =>
    lines.filter(({ output }) => output === name).map(({ tuple }) => tuple as Record<string, number>);
  const ids = tuples('ids');
  assert.deepEqual(
    ids.map(({ id }) => id),
    ids.map((_, index) => index),
  );
  assert.deepEqual(
    tuples('squares').map(({ square }) => square),
    ids.map((_, index) => index * index),
  );
  assert.ok('totals' in lines[lines.length - 1]);
});

test('a second interrupt cancels the job; one that is doubled at once does not count', async () => {
  const command = start(MAIN, ['run', flowModule('stuck')]);
  await command.seen('\n');
  command.interrupt();
  await command.seen('stopping');
  command.interrupt();
  await new Promise((resolve) => setTimeout(resolve, 500));
  command.interrupt();
  const { code, stderr } = await command.done;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /stuck: stopping.*\n(stuck: \d.*\n)*stuck: cancelled\n$/);
});

test('a reader that goes away ends the job in silence', async () => {
  const command = start(MAIN, ['run', flowModule('endless')]);
  await command.seen('ids\t');
  command.closeOutput();
  const { code, stderr } = await command.done;
  assert.equal(code, 0);
  assert.ok(!stderr.includes('millrace:'), stderr);
});
