// Runs the compiled tests with Node's own runner: all, or those whose path contains one of the arguments. With --long only those
// that have a long form (test/kit/long-form.ts, and runs() of test/kit/arbitraries.ts), in it.
// Exists because node --test takes no globs before Node.js 21, and a folder argument would run the tests' flow modules too.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Several times as long as the longest file takes on a slow machine. */
const FILE_MINUTES_MAX = 15;

const root = fileURLToPath(new URL('../test', import.meta.url));
const isLong = process.argv.includes('--long');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--long');
const hasLongForm = (file: string): boolean =>
  /\/kit\/(long-form|arbitraries)\.js'/.test(readFileSync(join(root, file), 'utf8'));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => !isLong || hasLongForm(file))
  .map((file) => join(root, file))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(', ') || '*.test.js'} in ${root}`);
  process.exit(1);
}
// By default Node.js leaves one core idle, which is half of a small machine.
const concurrency = `--test-concurrency=${availableParallelism()}`;
// A file whose threads stay behind would never end.
const timeout = `--test-timeout=${FILE_MINUTES_MAX * 60_000}`;
const { status } = spawnSync(process.execPath, ['--test', concurrency, timeout, '--test-reporter=spec', ...files], {
  stdio: 'inherit',
  env: isLong ? { ...process.env, MILLRACE_TEST_LONG: '1' } : process.env,
});
process.exit(status ?? 1);
