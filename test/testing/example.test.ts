// Goal: examples/testing.js is a test file that passes, as its header says.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../kit/command.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

test('examples/testing.js', TIMEOUT, async () => {
  const path = join('examples', 'testing.js');
  // Within a test run, node --test would skip its files.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--test', '--test-reporter=spec', path];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env });
  const promised = [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^\/\/ {3}✔ (.*)$/gm)].map(([, name]) => name);
  const passed = [...stdout.matchAll(/^✔ (.*) \([\d.]+ms\)$/gm)].map(([, name]) => name);
  assert.equal(promised.length, 5);
  assert.deepEqual(passed, promised);
});
