// Runs the compiled tests with Node's own runner: all, or those whose path contains one of the arguments.
// Exists because node --test takes no globs before Node.js 21, and a folder argument would run the tests' flow modules too.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../test', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .map((file) => join(root, file))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(', ') || '*.test.js'} in ${root}`);
  process.exit(1);
}
// By default Node.js leaves one core idle, which is half of a small machine.
const concurrency = `--test-concurrency=${availableParallelism()}`;
const { status } = spawnSync(process.execPath, ['--test', concurrency, '--test-reporter=spec', ...files], {
  stdio: 'inherit',
});
process.exit(status ?? 1);
