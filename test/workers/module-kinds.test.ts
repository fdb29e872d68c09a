// Goal: workers load what the app can load: CommonJS in each of its forms, what a preload defines, TypeScript by a loader, and what
// conditions and files of the environment say.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAIN, type Outcome, ROOT, start } from '../kit/command.ts';
import { docsFolder } from '../kit/docs-code.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

/** What follows the declaration of a flow `squares`, whose closure runs on a worker. */
const bodyOf = (closure: string): string => `
  flow.source('numbers', generate({ n: t.u32() }, (n) => ({ n }), { count: 3 }))
    .map('square', { n: t.f64(), said: t.string() }, ({ n }) => ({ n: n * n, said: String(${closure}) }))
    .collect('squares'))`;

const REQUIRES = `const { dataflow, t } = require('millrace');
const { generate } = require('millrace/sources');
`;
const COMMONJS = `${REQUIRES}const squares = dataflow(__filename, 'squares', (flow) => ${bodyOf("'there'")};\n`;
const APP = `const module = await import(process.argv[2]);
const flow = module.squares ?? module.default.squares ?? module.default;
const job = await flow.run({ workers: 1, spares: 0, ...JSON.parse(process.argv[3] ?? '{}') });
for await (const { n, said } of job.output('squares')) console.log(n, said);
await job.done;
`;

/** The package as it is installed, for a folder with a package.json of its own. */
function installInto(path: string): void {
  mkdirSync(join(path, 'node_modules'));
  symlinkSync(ROOT, join(path, 'node_modules/millrace'), 'dir');
}

async function run(files: Readonly<Record<string, string>>, first: string, ...args: string[]): Promise<Outcome> {
  const folder = docsFolder({ ...files, 'app.mjs': APP });
  if ('package.json' in files) installInto(folder.path);
  try {
    return await start(first, args, folder.path).done;
  } finally {
    folder.remove();
  }
}

const FORMS: readonly [string, string][] = [
  ['a shorthand', 'module.exports = { squares };'],
  ['a name that Node.js does not see', "module.exports = Object.fromEntries([['squares', squares]]);"],
  ['exports.name', 'exports.squares = squares;'],
  ['the flow itself', 'module.exports = squares;'],
  [
    'the default of a transpiler',
    "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = squares;",
  ],
];

for (const [what, text] of FORMS) {
  test(`millrace run finds a flow that CommonJS exports: ${what}`, TIMEOUT, async () => {
    const { code, stdout, stderr } = await run({ 'flow.cjs': `${COMMONJS}${text}\n` }, MAIN, 'run', 'flow.cjs');
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '0\tthere\n1\tthere\n4\tthere\n');
  });
}

test('an app runs a flow of CommonJS', TIMEOUT, async () => {
  const files = { 'flow.cjs': `${COMMONJS}${FORMS[1][1]}\n` };
  const { code, stdout, stderr } = await run(files, 'app.mjs', './flow.cjs');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '0 there\n1 there\n4 there\n');
});

test('actors of CommonJS are found by workers', TIMEOUT, async () => {
  const files = {
    'adder.cjs': `const { actor, t } = require('millrace');
const adder = actor(__filename, 'adder', {
  messages: { add: { n: t.u32(), reply: { sum: t.f64() } } },
  state: { sum: t.f64() },
  receive: { add({ n }, state) { state.sum += n; return { sum: state.sum }; } },
});
module.exports = Object.fromEntries([['adder', adder]]);
`,
    'ask.mjs': `import { actorSystem } from 'millrace';
import adders from './adder.cjs';
const system = await actorSystem({ workers: 1 });
const adder = system.get(adders.adder, 'one');
await adder.ask.add({ n: 2 });
console.log((await adder.ask.add({ n: 3 })).sum);
await system.stop();
`,
  };
  const { code, stdout, stderr } = await run(files, 'ask.mjs');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '5\n');
});

const IMPORTS = `import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';
`;
const esm = (closure: string, above = ''): string =>
  `${IMPORTS}${above}export const squares = dataflow(import.meta.url, 'squares', (flow) => ${bodyOf(closure)};\n`;

test('a preload of the process runs on workers', TIMEOUT, async () => {
  const files = { 'flow.mjs': esm('globalThis.defined'), 'preload.mjs': "globalThis.defined = 'preloaded';\n" };
  const { code, stdout, stderr } = await run(files, '--import', './preload.mjs', 'app.mjs', './flow.mjs');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '0 preloaded\n1 preloaded\n4 preloaded\n');
});

test('execArgv gives workers a preload that the process does not have', TIMEOUT, async () => {
  const files = { 'flow.mjs': esm('globalThis.defined'), 'preload.cjs': "globalThis.defined = 'of workers';\n" };
  const folder = docsFolder({ ...files, 'app.mjs': APP });
  try {
    const execArgv = ['--require', join(folder.path, 'preload.cjs')];
    const args = ['./flow.mjs', JSON.stringify({ execArgv })];
    const { code, stdout, stderr } = await start('app.mjs', args, folder.path).done;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '0 of workers\n1 of workers\n4 of workers\n');
  } finally {
    folder.remove();
  }
});

test('execArgv refuses what is no option of a thread, and what is no array', TIMEOUT, async () => {
  const files = { 'flow.mjs': esm("''") };
  const ofProcess = await run(files, 'app.mjs', './flow.mjs', '{"execArgv":["--expose-gc"]}');
  assert.match(
    ofProcess.stderr,
    /option 'execArgv' has what Node\.js takes for a process only[\s\S]*code: 'BAD_OPTION'/,
  );
  const noArray = await run(files, 'app.mjs', './flow.mjs', '{"execArgv":"--import tsx"}');
  assert.match(noArray.stderr, /option 'execArgv' of run\(\) must be an array of Node\.js's options/);
});

test('conditions and the environment of a file hold on workers', TIMEOUT, async () => {
  const files = {
    'package.json':
      '{ "type": "module", "imports": { "#said": { "special": "./special.mjs", "default": "./default.mjs" } } }',
    'special.mjs': "export const said = 'special';\n",
    'default.mjs': "export const said = 'default';\n",
    'settings.env': 'SAID_BY_FILE=too\n',
    'flow.mjs': esm('said + process.env.SAID_BY_FILE', "import { said } from '#said';\n"),
  };
  const options = ['--env-file=settings.env', 'app.mjs', './flow.mjs'];
  const { code, stdout, stderr } = await run(files, '--conditions', 'special', ...options);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '0 specialtoo\n1 specialtoo\n4 specialtoo\n');
});

const TYPED = esm(
  'name(n)',
  `enum Kind { Even, Odd }
const name = (n: number): string => Kind[n % 2];
`,
);
/** The loader by its address: the folder is beneath this repository's modules. */
const TSX = import.meta.resolve('tsx');

test('TypeScript that Node.js alone cannot run, by tsx: as an app and by the command', TIMEOUT, async () => {
  const app = await run({ 'flow.ts': TYPED }, '--import', TSX, 'app.mjs', './flow.ts');
  assert.equal(app.code, 0, app.stderr);
  assert.equal(app.stdout, '0 Even\n1 Odd\n4 Even\n');
  const command = await run({ 'flow.ts': TYPED }, '--import', TSX, MAIN, 'run', 'flow.ts');
  assert.equal(command.stdout, '0\tEven\n1\tOdd\n4\tEven\n', command.stderr);
});

test('TypeScript that is compiled to CommonJS in place', TIMEOUT, async () => {
  const text = TYPED.replace('import.meta.url', '__filename');
  const files = { 'package.json': '{ "type": "commonjs" }', 'flow.ts': text };
  const { code, stdout, stderr } = await run(
    files,
    join(ROOT, 'node_modules/tsx/dist/cli.mjs'),
    'app.mjs',
    './flow.ts',
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '0 Even\n1 Odd\n4 Even\n');
});

/** An app within the module that workers import, in a function that nobody awaits: its refusal ends the worker. */
const within = (calls: string): string => `async function main() {
  ${calls}
}
main();
`;
const RUNS = 'const job = await squares.run({ workers: 1 });\n  await job.done;';
const ACTORS = `import { actor, actorSystem, t } from 'millrace';
export const adder = actor(import.meta.url, 'adder', {
  messages: { add: { n: t.u32() } },
  state: { sum: t.f64() },
  receive: { add({ n }, state) { state.sum += n; } },
});
`;
const ASKS = `const system = await actorSystem({ workers: 1 });
  system.get(adder, 'one').tell.add({ n: 2 });
  await system.job.done;`;

const REFUSED: readonly [string, string, string, string][] = [
  [
    'a flow of CommonJS',
    'flow.cjs',
    `${COMMONJS}module.exports = { squares };\n${within(RUNS)}`,
    "run() of flow 'squares'",
  ],
  ['a flow of an ES module', 'flow.mjs', `${esm("''")}${within(RUNS)}`, "run() of flow 'squares'"],
  ['an actor', 'adder.mjs', `${ACTORS}${within(ASKS)}`, 'actorSystem()'],
];

for (const [what, name, text, call] of REFUSED) {
  test(
    `RUN_IN_WORKER, and not WORKER_DIED, where nobody awaits the app within the module of ${what}`,
    TIMEOUT,
    async () => {
      const { code, stderr } = await run({ [name]: text }, name);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^MillraceError: /m);
      assert.ok(
        stderr.includes(`MillraceError: ${call} was called while a Millrace worker imports its module: call`),
        stderr,
      );
      assert.match(stderr, /code: 'RUN_IN_WORKER'/);
      assert.doesNotMatch(stderr, /code: '(WORKER_DIED|RESTART_INTENSITY)'/);
    },
  );
}
