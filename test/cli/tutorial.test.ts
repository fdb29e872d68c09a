// Goal: docs/tutorial.md runs from its first line to its last: commands give the output that it shows.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { millrace, ROOT, start } from '../kit/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-tutorial-'));
after(() => rmSync(folder, { recursive: true }));

const example = (name: string): string => join(ROOT, 'examples/tutorial', name);
const large = join(folder, 'visits-large.csv');
const sortedLines = (text: string): string[] => text.trimEnd().split('\n').sort();

/** What the tutorial shows below a command that begins so. */
function shown(command: string): string[] {
  const text = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');
  const [, lines] = text.split(`$ ${command}`)[1].match(/^[^\n]*\n([^`$]*)/) as RegExpMatchArray;
  return sortedLines(lines);
}

test('a count by key', async () => {
  const { code, stdout, stderr } = await millrace('run', example('visits.js'), '--file', example('visits.csv'));
  assert.equal(code, 0, stderr);
  assert.deepEqual(sortedLines(stdout), shown('npx millrace run visits.js'));
});

test('all cores, and a crash', async () => {
  assert.equal(spawnSync(process.execPath, [example('make-visits.js'), large]).status, 0);
  const { code, stdout, stderr } = await millrace('run', example('all-cores.js'), '--file', large);
  assert.equal(code, 0, stderr);
  assert.deepEqual(sortedLines(stdout).slice(0, 3), shown('npx millrace run all-cores.js'));

  const crash = await start(example('crash.js'), [large]).done;
  assert.equal(crash.code, 0, crash.stderr);
  const [last, ...others] = crash.stdout.trimEnd().split('\n').reverse();
  assert.equal(last, '1000000 visits of 1000 pages');
  assert.ok(others.includes('crash: worker 0 was terminated by killWorker()'), crash.stdout);
});

test('a test', async () => {
  const { code, stdout } = await start('--test', [example('visits.test.js')]).done;
  assert.equal(code, 0, stdout);
});
