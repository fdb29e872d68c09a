// Goal: each shell completes commands, the options of each of them, the parameters of the flow that the line names, and else paths.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { flowModule, MAIN, millrace } from '../kit/command.ts';
import { TIMEOUT } from '../kit/run-flow.ts';
import { folder } from '../kit/temporary-files.ts';

async function completed(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await millrace('completion', 'words', '--', ...words);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').slice(0, -1);
}

const declared = flowModule('declared');

test('commands, and the options of each', TIMEOUT, async () => {
  assert.deepEqual(await completed('ch'), ['check']);
  assert.deepEqual(await completed(''), [
    ...['run', 'check', 'init', 'schema', 'top', 'inspect', 'completion', '--help', '--version'],
  ]);
  assert.deepEqual(await completed('top', '--'), ['--job', '--json', '--every-ms', '--count', '--help']);
  assert.deepEqual(await completed('inspect', '4711', '--j'), ['--job', '--json']);
  assert.deepEqual(await completed('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(await completed('run', 'nowhere.js', '--out'), ['--output']);
  assert.deepEqual(await completed('check', '--scaling'), ['--scaling', '--scaling-mode']);
});

test('where a path or a value stands there is nothing of its own', TIMEOUT, async () => {
  assert.deepEqual(await completed('run', ''), []);
  assert.deepEqual(await completed('run', 'a'), []);
  assert.deepEqual(await completed('init', ''), []);
  assert.deepEqual(await completed('run', declared, '--workers', ''), []);
  assert.deepEqual(await completed('run', declared, '--output', '--'), []);
});

test('parameters of the flow, and their words', TIMEOUT, async () => {
  const names = await completed('run', declared, '--');
  assert.ok(names.includes('--text') && names.includes('--max-words') && names.includes('--workers'), `${names}`);
  assert.deepEqual(await completed('run', declared, '--max'), ['--max-words', '--max-workers']);
  // The module need not come first.
  assert.deepEqual(await completed('run', '--workers', '2', declared, '--max-wor'), ['--max-words', '--max-workers']);
  assert.deepEqual(await completed('run', declared, '--pack', ''), ['gzip', 'none']);
  assert.deepEqual(await completed('run', declared, '--pack', 'g'), ['gzip']);
});

/** A folder with a `millrace` in it, for the PATH. */
const bin = join(folder, 'bin');
mkdirSync(bin);
writeFileSync(join(bin, 'millrace'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
chmodSync(join(bin, 'millrace'), 0o755);

const shell = (name: string, ...args: string[]) =>
  spawnSync(name, args, {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, PATH: `${bin}:${process.env.PATH}` },
  });
const missing = (name: string): string | false =>
  shell(name, '-c', 'true').status === 0 ? false : `there is no ${name} here`;

test('in bash', { ...TIMEOUT, skip: missing('bash') }, async () => {
  const { stdout } = await millrace('completion', 'bash');
  const complete = (words: string, at: number): string[] => {
    const script = `${stdout}\nCOMP_WORDS=(${words}); COMP_CWORD=${at}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return shell('bash', '-c', script).stdout.trim().split('\n');
  };
  assert.deepEqual(complete('millrace ch', 1), ['check']);
  assert.deepEqual(complete('millrace run flow.js --out', 3), ['--output']);
  assert.deepEqual(complete(`millrace run '${declared}' --max-w`, 3), ['--max-words', '--max-workers']);
  assert.deepEqual(complete("millrace run ''", 2), ['']);
});

test('in fish', { ...TIMEOUT, skip: missing('fish') }, async () => {
  const { stdout } = await millrace('completion', 'fish');
  const found = shell('fish', '-c', `${stdout}\ncomplete -C 'millrace ch'`).stdout;
  assert.match(found, /^check$/m);
});

test('in zsh', { ...TIMEOUT, skip: missing('zsh') }, async () => {
  const { stdout } = await millrace('completion', 'zsh');
  // compadd is for the line editor only: here it tells what it gets.
  const script = `compdef() {}; compadd() { shift; print -l -- "$@" }; _files() { print files }\n${stdout}`;
  const complete = (words: string): string =>
    shell('zsh', '-c', `${script}\nwords=(${words}); CURRENT=$#words; _millrace`).stdout;
  assert.equal(complete('millrace ch'), 'check\n');
  assert.equal(complete("millrace run ''"), 'files\n');
});
