// Goal: the reference has every entry point of the package: a new one is documented, or the build of the reference fails; a link of
// the site that leads nowhere fails it, too.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test('a link to no page, to no place on a page or to no picture is found; one that leads somewhere is not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-site-'));
  const checked = (links: string) => {
    writeFileSync(join(folder, 'index.html'), links);
    const { status, stderr } = spawnSync(process.execPath, ['scripts/reference/check-links.js', folder]);
    return { status, stderr: String(stderr) };
  };
  try {
    mkdirSync(join(folder, 'docs'));
    writeFileSync(join(folder, 'docs', 'time.html'), '<h2 id="late">Late</h2> <a href="../index.html">back</a>');
    const good =
      '<a href="docs/time.html#late">a</a> <a href="docs/time.html">b</a> <a href="https://nodejs.org/">c</a>';
    assert.deepEqual(checked(good), { status: 0, stderr: '' });
    for (const bad of ['docs/tide.html', 'docs/time.html#early', '#nowhere']) {
      const { status, stderr } = checked(`${good} <a href="${bad}">d</a>`);
      assert.equal(status, 1, bad);
      assert.ok(stderr.includes(`index.html: ${bad}`), stderr);
    }
    assert.match(checked(`${good} <img src="mill.png">`).stderr, /mill\.png/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
