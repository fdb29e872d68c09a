// Goal: the package's modules are in few files, which is what a worker starts fast by, and each of them is there once.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as errors from '../src/errors.ts';
import * as index from '../src/index.ts';

const COMPILED = fileURLToPath(new URL('../src', import.meta.url));
/** Of a module of types alone, nothing is left. */
const RE_EXPORTS =
  /^(export \{ .* \} from '[./]*\/(api|connectors|start|engine|app)\.js';|(\/\/.*\n)*export \{\};)\s*$/;

test('all modules but those of the command line re-export from the bundles', () => {
  const files = readdirSync(COMPILED, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const withCode = files.filter((file) => !RE_EXPORTS.test(readFileSync(join(COMPILED, file), 'utf8')));
  const modules = withCode.filter(
    (file) => !file.startsWith('cli/') && !/^(api|connectors|start|engine|app|common-\w+)\.js$/.test(file),
  );
  assert.deepEqual(modules, [], 'run `npm run build`: tsc alone leaves them as they are');
});

test('a class is one class, by whichever path it is imported', () => {
  assert.equal(index.MillraceError, errors.MillraceError);
});
