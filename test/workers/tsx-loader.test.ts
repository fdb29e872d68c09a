// Goal: tsx is found in the options of a process in each form in which it is asked for, and nothing else is taken for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tsxOptions } from '../../src/workers/tsx-loader.ts';

const LOADER = 'file:///app/node_modules/tsx/dist/loader.mjs';

test('options that name tsx', () => {
  assert.deepEqual(tsxOptions(['--import', 'tsx']), ['tsx']);
  assert.deepEqual(tsxOptions(['--import=tsx/esm', '--inspect']), ['tsx/esm']);
  const preflight = '/app/node_modules/tsx/dist/preflight.cjs';
  assert.deepEqual(tsxOptions(['--require', preflight, '--import', LOADER]), [preflight, LOADER]);
  assert.deepEqual(tsxOptions([], `--no-warnings --import=${LOADER}`), [LOADER]);
});

test('options that name something else', () => {
  assert.deepEqual(tsxOptions([]), []);
  assert.deepEqual(tsxOptions(['--import', './tsxed.mjs', '--require', 'ts-node/register'], '--conditions=mytsx'), []);
});
