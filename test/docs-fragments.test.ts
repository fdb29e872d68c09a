// Goal: fragments of code in README.md and docs/ fit the API: each compiles, with the names that its page has for what is around it.
// Relies on the compiler's own process: all fragments are one run of it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './kit/command.ts';
import { type CodeBlock, codeBlocks, docsFolder } from './kit/docs-code.ts';

const JOB = "import('millrace').Job<any, any>";
const FLOW = "import('millrace').FlowBuilder";
const AVERAGES =
  "import('millrace').Dataflow<unknown, import('millrace').OutputHandle<'means', { sensor: number, mean: number }, { readings: { sensor: number, celsius: number } }>>";

/** What stands around the fragments of each page: names and their types. A fragment that declares a name has its own. */
const AROUND: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/dataflow.md': {
    averages: AVERAGES,
    flow: FLOW,
    fields: "{ i: import('millrace').Field<number> }",
    trip: '(i: number) => { i: number }',
    openTopic: 'any',
    response: '{ body: ReadableStream<Uint8Array> }',
    parser: 'TransformStream<Uint8Array, { sensor: number, celsius: number }>',
    destination: 'WritableStream<any>',
    job: JOB,
    objects: 'any',
    pageOf: '(page: number) => Promise<{ user: string, at: number }[]>',
    socket: 'any',
    splitter: 'any',
    toLines: 'any',
  },
  'docs/explorer.md': { Door: 'any' },
  'docs/hand-over.md': { job: JOB },
  'docs/joins.md': {
    visits: "import('millrace').Stream<{ page: import('millrace').Field<string> }>",
    clicks: "import('millrace').Stream<{ page: import('millrace').Field<string> }>",
    trades:
      "import('millrace').Stream<{ currency: import('millrace').Field<string>, amount: import('millrace').Field<number> }>",
    rates:
      "import('millrace').Stream<{ code: import('millrace').Field<string>, euros: import('millrace').Field<number> }>",
    orders:
      "import('millrace').Stream<{ order: import('millrace').Field<string>, cents: import('millrace').Field<number> }>",
    payments:
      "import('millrace').Stream<{ paid: import('millrace').Field<string>, cents: import('millrace').Field<number> }>",
    events:
      "import('millrace').Stream<{ id: import('millrace').Field<number>, product: import('millrace').Field<string> }>",
    products:
      "import('millrace').Stream<{ code: import('millrace').Field<string>, name: import('millrace').Field<string> }>",
  },
  'docs/own-connectors.md': {
    flow: FLOW,
    broker: 'any',
    stream: "import('millrace').Stream<any>",
    fs: "typeof import('node:fs')",
    readRecords: "(path: string) => import('millrace').SourceDefinition<any>",
    writeRecords: "(path: string) => import('millrace').SinkDefinition<any>",
  },
  'docs/async.md': {
    orders: "import('millrace').Stream<{ customer: import('millrace').Field<string> }>",
    book: '(order: { customer: string }, signal: AbortSignal) => Promise<{ order: number, at: Date }>',
  },
  'docs/dashboard.md': { flow: "import('millrace').Dataflow" },
  'docs/metrics.md': { flow: "import('millrace').Dataflow" },
  'docs/readings.md': { job: JOB },
  'docs/scaling.md': { job: JOB, flow: "import('millrace').Dataflow" },
  'docs/schemas.md': {},
  'docs/state.md': {
    job: JOB,
    PAUSE_MS: 'number',
    stream:
      "import('millrace').Stream<{ user: import('millrace').Field<string>, at: import('millrace').Field<number> }>",
    orders:
      "import('millrace').Stream<{ customer: import('millrace').Field<string>, cents: import('millrace').Field<number> }>",
  },
  'docs/supervision.md': { flow: "import('millrace').Dataflow" },
  'docs/testing.md': { averages: AVERAGES },
};

const IMPORTS: Readonly<Record<string, string>> = {
  t: 'millrace',
  table: 'millrace',
  tumbling: 'millrace/windows',
  fromReadable: 'millrace/sources',
  generate: 'millrace/sources',
  readJson: 'millrace/sources',
  readCsv: 'millrace/sources',
  readLines: 'millrace/sources',
  actorScene: '../proof/explore/actor-scene.js',
  readersFlow: '../proof/explore/cases/flows.js',
  threadScene: '../proof/explore/thread-scene.js',
  'type Scene': '../proof/explore/scene.js',
};

/** True if a text uses a name, and does not declare it. */
function needs(text: string, name: string): boolean {
  const declares = new RegExp(`(?:const|let|class|function|import [^;]*\\b) ?${name}\\b`).test(text);
  return new RegExp(`(?<![.\\w'])${name}\\b`).test(text) && !declares;
}

/** A fragment as a statement: a chain has its stream before it, a method is one of an object, and so on. */
function statement(text: string): string {
  if (text.startsWith('.')) return `stream${text}`;
  if (text.startsWith('{')) return `void (${text.trimEnd()});`;
  if (text.startsWith('open(')) return `void ({ ${text} });`;
  return text;
}

function moduleOf({ page, text }: CodeBlock): string {
  const code = statement(text).replaceAll("'./examples/", "'../../examples/");
  const around = Object.entries(AROUND[page] ?? {}).filter(([name]) => needs(code, name));
  const imported = Object.entries(IMPORTS).filter(([name]) => needs(code, name.replace('type ', '')));
  return [
    ...imported.map(([name, from]) => `import { ${name} } from '${from}';`),
    ...around.map(([name, type]) => `const ${name} = /** @type {${type}} */ (/** @type {unknown} */ (undefined));`),
    code,
    'export {};',
  ].join('\n');
}

const fragments = codeBlocks.filter(({ language, file, name }) => /^[jt]s$/.test(language) && !file && !name);

test('every fragment compiles among what its page says is around it', () => {
  const modules = fragments.map((block, i): [string, string] => {
    const page = block.page.replace(/^docs\/|\.md$/g, '');
    // Those in TypeScript compile as JavaScript, too, unless they have types of their own.
    const extension = /: \w+ \{|\bimplements\b/.test(block.text) && block.language === 'ts' ? 'ts' : 'js';
    return [`${page}-${i}.${extension}`, moduleOf(block)];
  });
  const configuration = {
    extends: '../../tsconfig.json',
    compilerOptions: {
      rootDir: '../..',
      outDir: 'never-emitted',
      noEmit: true,
      allowJs: true,
      checkJs: true,
      strict: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      lib: ['es2023', 'esnext.disposable', 'esnext.sharedmemory', 'es2024.sharedmemory', 'dom'],
    },
    include: ['.'],
    exclude: [],
  };
  const folder = docsFolder({ ...Object.fromEntries(modules), 'tsconfig.json': JSON.stringify(configuration) });
  try {
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder.path], { encoding: 'utf8' });
    // JavaScript takes a property of a value of which nothing is known, such as the tuple of a dead letter.
    const errors = stdout
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith("does not exist on type 'unknown'."));
    assert.deepEqual(errors, []);
    assert.ok(status === 0 || stdout !== '', 'the compiler has run');
  } finally {
    folder.remove();
  }
});
