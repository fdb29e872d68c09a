// Goal: `npm create millrace` is `millrace init` of the same version.

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, start } from '../kit/command.ts';
import { TIMEOUT } from '../kit/run-flow.ts';
import { folder } from '../kit/temporary-files.ts';

const manifestOf = (path: string) => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
const CREATE = join(ROOT, 'packages/create-millrace');

test('the package is of the version of the library, and depends on that', () => {
  const { version, license, engines } = manifestOf(ROOT);
  const created = manifestOf(CREATE);
  assert.deepEqual([created.version, created.dependencies.millrace], [version, version]);
  assert.deepEqual([created.license, created.engines], [license, engines]);
});

test('installed beside the library it writes what init does', TIMEOUT, async () => {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, 'millrace'), 'dir');
  cpSync(CREATE, join(modules, 'create-millrace'), { recursive: true });
  const main = join(modules, 'create-millrace/main.js');
  const { code, stdout, stderr } = await start(main, ['begun'], folder).done;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^wrote visits\.mjs, .*next:\n {2}cd begun\n/);
  assert.ok(existsSync(join(folder, 'begun/visits.mjs')));
  assert.deepEqual(manifestOf(join(folder, 'begun')).dependencies, { millrace: `^${manifestOf(ROOT).version}` });
  const again = await start(main, ['begun'], folder).done;
  assert.equal(again.code, 2);
  assert.match(again.stderr, /visits\.mjs is there already/);
});
