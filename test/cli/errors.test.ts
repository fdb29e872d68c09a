// Goal: whatever goes wrong is one line with a stable code, and an exit code; below it the place in the docs that tells of the code,
// and a stack only if it was asked for.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { flowModule, MAIN, millrace, ROOT, start } from '../kit/command.ts';
import { docsFolder } from '../kit/docs-code.ts';

const PAGE = / {2}see (docs\/errors\.md)#(\w+)\n$/;

async function fails(args: readonly string[], exitCode: number, line: RegExp, output = ''): Promise<void> {
  const { code, stdout, stderr } = await millrace(...args);
  assert.equal(code, exitCode, stderr);
  assert.equal(stdout, output);
  const told = stderr.replace(PAGE, '');
  assert.match(told, line);
  assert.equal(told.split('\n').length, 2, `more than one line: ${stderr}`);
  const errorCode = /\[(\w+)\]\n$/.exec(told)?.[1];
  const [, page, anchor] = PAGE.exec(stderr) ?? [];
  assert.equal(anchor, errorCode === 'USAGE' ? undefined : errorCode, stderr);
  if (page !== undefined) assert.ok(readFileSync(join(ROOT, page), 'utf8').includes(`<a id="${anchor}"></a>`));
}

test('a missing module', () =>
  fails(['run', 'nowhere.js'], 2, /^millrace: there is no module nowhere\.js: .* \[MODULE_IMPORT\]\n$/));

test('a module that throws when it is imported', () =>
  fails(
    ['run', flowModule('broken')],
    1,
    /^millrace: cannot import the module .*broken\.js: not today \[MODULE_IMPORT\]\n$/,
  ));

test('ES syntax in a CommonJS project', async () => {
  const folder = docsFolder({
    'package.json': '{ "type": "commonjs" }',
    'flow.js': "import 'millrace';\nexport default 1;\n",
  });
  try {
    const { code, stderr } = await start(MAIN, ['run', 'flow.js'], folder.path).done;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /Cannot use import statement outside a module\. Its package\.json .* npm pkg set type=module, or .*\.mjs/,
    );
  } finally {
    folder.remove();
  }
});

test('wrong usage', () => fails(['run', flowModule('no-flow')], 2, /does not export a flow .*none.* \[NO_FLOW\]\n$/));

test('several flows and no choice', () =>
  fails(
    ['run', flowModule('several')],
    2,
    /exports several flows \('fed', 'one', 'two'\).*--flow NAME \[NO_FLOW\]\n$/,
  ));

test('a flow that is not there', () =>
  fails(['run', flowModule('several'), '--flow', 'six'], 2, /does not export the flow 'six' .*'one'.* \[NO_FLOW\]\n$/));

test('a flow that only an app can feed', () =>
  fails(
    ['run', flowModule('several'), '--flow', 'fed'],
    2,
    /source 'app' takes its tuples from an app.* \[BAD_FLOW\]\n$/,
  ));

test('a missing input file', () =>
  fails(
    ['run', 'examples/word-count.js', '--file', 'nowhere.txt'],
    1,
    /cannot read input file "nowhere\.txt".* \[INPUT_FILE\]\n$/,
  ));

test('a param of the wrong type', () =>
  fails(
    ['run', 'examples/word-count.js', '--file'],
    2,
    /^millrace: option 'path' of readLines\(\) must be .* got true \[BAD_OPTION\]\n$/,
  ));

test('options out of range', () =>
  fails(['run', 'examples/word-count.js', '--workers', '0'], 2, /'workers'.* \[BAD_OPTION\]\n$/));

test('wrong usage', () => fails(['run'], 2, /needs the path of a module \(millrace --help tells more\) \[USAGE\]\n$/));

test("an operator that throws, with failure 'stop': what is before the tuple comes out", () =>
  fails(
    ['run', flowModule('failing')],
    1,
    /^millrace: operator 'check' failed at .*: seven is too much.* \[OPERATOR_FAILED\]\n$/,
    '0\n1\n2\n3\n4\n5\n6\n',
  ));

test('--verbose adds the stack and the cause', async () => {
  const { code, stderr } = await millrace('run', flowModule('failing'), '--verbose');
  assert.equal(code, 1);
  assert.match(stderr, /\[OPERATOR_FAILED\]\n[\s\S]*RangeError\]?: seven is\n *too much\n +at /);
});

const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

test('a TypeScript module where Node.js cannot import it', { skip: stripsTypes && 'this Node.js can' }, () =>
  fails(
    ['run', 'examples/word-count.ts'],
    1,
    /cannot import the TypeScript module examples\/word-count\.ts: use Node\.js 22\.18.* \[TYPESCRIPT_MODULE\]\n$/,
  ),
);

test('a TypeScript module where Node.js can import it', { skip: !stripsTypes && 'this Node.js cannot' }, async () => {
  const { code, stdout } = await millrace('run', 'examples/word-count.ts', '--file', 'package.json');
  assert.equal(code, 0);
  assert.match(stdout, /^millrace\t1\n/m);
});
