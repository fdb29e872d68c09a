// Goal: the reference has every entry point of the package: a new one is documented, or the build of the reference fails.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('the reference is of all entry points', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  const modules = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default]));
  const configuration = readFileSync('scripts/reference/typedoc.jsonc', 'utf8').replace(/^\s*\/\/.*$/gm, '');
  const { entryPoints } = JSON.parse(configuration) as { entryPoints: string[] };
  assert.deepEqual(
    entryPoints.map((path) => path.replace('../../src/', '')).sort(),
    modules.map((path) => path.replace('./dist/src/', '').replace(/\.js$/, '.ts')).sort(),
  );
});
