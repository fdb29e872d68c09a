// Goal: apps that are bundled with Millrace left out run; one with Millrace inside is refused with the way out.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { build } from 'esbuild';
import { type OutputOptions, type RollupOptions, rollup } from 'rollup';
import { ROOT, start } from './kit/command.ts';
import { TIMEOUT } from './kit/run-flow.ts';

const EXAMPLES = join(ROOT, 'examples/bundles');
/** Where 'millrace' is this package. */
const folder = mkdtempSync(join(ROOT, 'dist/bundles-'));
after(() => rmSync(folder, { recursive: true }));

async function prints(file: string): Promise<void> {
  const { code, stdout, stderr } = await start(join(folder, file), []).done;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '0\n1\n4\n9\n16\n');
}

test('esbuild: two files that share a chunk, and one file', TIMEOUT, async () => {
  const built = await start(join(EXAMPLES, 'build-esbuild.js'), [join(folder, 'esbuild')]).done;
  assert.equal(built.code, 0, built.stderr);
  await prints('esbuild/app.js');
  await prints('esbuild/one-file.js');
});

test('rollup: two files that share a chunk', TIMEOUT, async () => {
  const { default: config } = (await import(join(EXAMPLES, 'rollup.config.js'))) as { default: RollupOptions };
  const bundle = await rollup(config);
  await bundle.write({ ...(config.output as OutputOptions), dir: join(folder, 'rollup') });
  await bundle.close();
  await prints('rollup/app.js');
});

test('Millrace inside of a bundle is refused', TIMEOUT, async () => {
  const outfile = join(folder, 'inside.js');
  const entryPoints = [join(EXAMPLES, 'one-file.js')];
  await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error' });
  const { code, stderr } = await start(outfile, []).done;
  assert.equal(code, 1);
  assert.match(stderr, /MillraceError: Millrace is inside of a bundle.*--packages=external[\s\S]*code: 'BUNDLED'/);
});
