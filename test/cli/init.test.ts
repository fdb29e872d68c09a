// Goal: what `millrace init` writes runs, and its test passes; nothing that is there is lost.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAIN, millrace, ROOT, start } from '../kit/command.ts';
import { docsFolder } from '../kit/docs-code.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

async function inFolder(files: Record<string, string>, use: (path: string) => Promise<void>): Promise<void> {
  const folder = docsFolder(files);
  // A package.json of its own hides the package that the folder is in.
  mkdirSync(join(folder.path, 'node_modules'));
  symlinkSync(ROOT, join(folder.path, 'node_modules/millrace'), 'dir');
  try {
    await use(folder.path);
  } finally {
    folder.remove();
  }
}

const manifestIn = (path: string) => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));

test('a new folder: the flow can be checked and run, and its test passes', TIMEOUT, async () => {
  await inFolder({}, async (path) => {
    const { code, stdout, stderr } = await start(MAIN, ['init', 'first flow'], path).done;
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^wrote visits\.mjs, visits\.csv, visits\.test\.mjs and package\.json; next:\n {2}cd "first flow"\n/,
    );
    const made = join(path, 'first flow');
    assert.equal(manifestIn(made).name, 'first-flow');
    const checked = await start(MAIN, ['check', 'visits.mjs'], made).done;
    assert.equal(checked.code, 0, checked.stderr);
    const ran = await start(MAIN, ['run', 'visits.mjs', '--workers', '1'], made).done;
    assert.equal(ran.code, 0, ran.stderr);
    assert.deepEqual(ran.stdout.trimEnd().split('\n').sort(), ['/\t3\t100', '/docs\t1\t340', '/prices\t1\t200']);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const tested = spawnSync(process.execPath, ['--test'], { cwd: made, env, encoding: 'utf8' });
    assert.equal(tested.status, 0, tested.stdout);
    assert.match(tested.stdout, /pass 1\b/);
  });
});

test('a package.json that is there keeps what it has, and gets the scripts that it lacks', TIMEOUT, async () => {
  const scripts = { test: 'echo "Error: no test specified" && exit 1', start: 'node server.js' };
  const given = { name: 'mine', type: 'commonjs', scripts, dependencies: { millrace: '1' } };
  await inFolder({ 'package.json': JSON.stringify(given) }, async (path) => {
    const { code, stdout, stderr } = await start(MAIN, ['init'], path).done;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /next:\n {2}npm start\n {2}npm test\n$/);
    assert.deepEqual(manifestIn(path), {
      ...given,
      scripts: { start: 'node server.js', check: 'millrace check visits.mjs', test: 'node --test' },
    });
    const ran = await start(MAIN, ['run', 'visits.mjs', '--workers', '1'], path).done;
    assert.equal(ran.code, 0, ran.stderr);
  });
});

test('files that are there are not overwritten', TIMEOUT, async () => {
  await inFolder({ 'visits.csv': 'mine\n' }, async (path) => {
    const { code, stderr } = await start(MAIN, ['init', '.'], path).done;
    assert.equal(code, 2);
    assert.match(stderr, /visits\.csv is there already.* \[USAGE\]/);
    assert.equal(readFileSync(join(path, 'visits.csv'), 'utf8'), 'mine\n');
    writeFileSync(join(path, 'file'), '');
    const inFile = await start(MAIN, ['init', 'file/sub'], path).done;
    assert.equal(inFile.code, 2, inFile.stderr);
  });
});

test('wrong usage of init and completion', TIMEOUT, async () => {
  for (const [args, line] of [
    [['init', '--force'], /takes no option, got '--force'/],
    [['init', 'one', 'two'], /'two' is a second/],
    [['completion', 'csh'], /the name of a shell: bash, zsh, fish/],
    [['completion', 'words'], /the name of a shell/],
    [['chekc', 'flow.js'], /there is no command 'chekc': did you mean millrace check\?/],
  ] as const) {
    const { code, stderr } = await millrace(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, line);
  }
});
