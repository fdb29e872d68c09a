// Goal: `millrace check` draws what `millrace run` would run, starts nothing, and refuses what cannot be run with the same exit code.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { flowModule, MAIN, millrace, start } from '../kit/command.ts';
import { docsFolder } from '../kit/docs-code.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const FLOW = `import { dataflow, outputs, t } from 'millrace';
import { count } from 'millrace/aggregates';
import { generate } from 'millrace/sources';
import { writeLines } from 'millrace/sinks';

export default dataflow(import.meta.url, 'drawn', (flow, { out = 'out.txt' }) => {
  const numbers = flow.source('numbers', generate({ n: t.u32() }, () => { throw new Error('started'); }, { count: 5, partitions: 4 }));
  const { even, odd } = numbers.flatMap('sort', outputs({ even: { n: t.u32() }, odd: { n: t.u32() } }), ({ n }, emit) => {
    emit[n % 2 === 0 ? 'even' : 'odd']({ n });
  });
  even.keyBy('n').process('seen', { state: { times: t.u32() }, output: { n: t.u32(), times: t.u32() } },
    ({ n }, state, emit) => { state.times++; emit({ n, times: state.times }); }, { parallelism: { min: 1, max: 3 } }).collect('pairs');
  odd.keyBy().aggregate('total', { odd: count() }).map('text', { line: t.string() }, ({ odd }) => ({ line: String(odd) }))
    .to('file', writeLines(out, ({ line }) => line));
});
`;

async function inFolder<Result>(
  files: Record<string, string>,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const folder = docsFolder(files);
  try {
    return await use(folder.path);
  } finally {
    folder.remove();
  }
}

test('draws operators, keys, fields, partitions, state and who shares an actor; opens nothing', TIMEOUT, async () => {
  await inFolder({ 'drawn.js': FLOW }, async (path) => {
    const { code, stdout, stderr } = await start(MAIN, ['check', 'drawn.js', '--workers', '2'], path).done;
    assert.equal(code, 0, stderr);
    assert.equal(
      stdout,
      `flow drawn: 7 operators, of which workers run 3 chains

source numbers: 4 partitions; 1 replica
    → { n: u32 }
└ flatMap sort: from numbers; in the actor of numbers
    → even { n: u32 }
    → odd { n: u32 }
process seen: from sort.even by n; 1 of 1 to 3 replicas
    state { times: u32 }
    → { n: u32, times: u32 }
collect pairs: from seen; in the app's thread
aggregate total: from sort.odd, one key for all, combined before; 1 replica
    state { odd: f64 }
    → { odd: f64 }
└ map text: from total; in the actor of total
    → { line: string }
└ sink file: from text; in the actor of total

hint: source 'numbers' has 4 partitions and one replica: it runs, with 'sort', 'total.combine' in the same actor, on one thread. Give it the option 'parallelism', 4 at most

ok: it can be run
`,
    );
    assert.equal(existsSync(join(path, 'out.txt')), false, 'no sink is opened');
  });
});

test('--json gives the same as one object', TIMEOUT, async () => {
  await inFolder({ 'drawn.js': FLOW }, async (path) => {
    const { code, stdout, stderr } = await start(MAIN, ['check', 'drawn.js', '--json', '--workers', '1'], path).done;
    assert.equal(code, 0, stderr);
    const described = JSON.parse(stdout);
    assert.equal(described.flow, 'drawn');
    assert.equal(described.actors, 3);
    assert.deepEqual(described.hints, []);
    assert.deepEqual(described.operators[2], {
      name: 'seen',
      kind: 'process',
      role: 'operator',
      place: 'worker',
      replicas: { start: 1, min: 1, max: 3 },
      inputs: [{ from: ['sort.even'], key: ['n'] }],
      outputs: [{ fields: { n: 'u32', times: 'u32' }, hasEventTime: false, isRead: true }],
      state: { times: 'u32' },
    });
  });
});

test('a flow that an app feeds can be drawn, though not run', TIMEOUT, async () => {
  const { code, stdout } = await millrace('check', flowModule('several'), '--flow', 'fed');
  assert.equal(code, 0);
  assert.match(stdout, /\nok: it can be run with an app, which feeds 'app'\n$/);
});

const REFUSED: readonly [string, number, string[], RegExp][] = [
  ['a parameter that is missing', 2, [flowModule('declared')], /needs parameter 'text'.* \[BAD_OPTION\]/],
  ['a misspelt parameter', 2, [flowModule('declared'), '--txet', 'a'], /did you mean --text\? \[USAGE\]/],
  ['a module that is not there', 2, ['nowhere.js'], /there is no module nowhere\.js/],
  ['no module', 2, [], /millrace check needs the path of a module/],
  ['a flow whose code is wrong', 1, [flowModule('crooked')], /has no consumer.* \[NO_CONSUMER\]/],
];

for (const [what, exitCode, args, line] of REFUSED) {
  test(`exit code ${exitCode}: ${what}`, TIMEOUT, async () => {
    const { code, stdout, stderr } = await millrace('check', ...args);
    assert.equal(code, exitCode, stderr);
    assert.match(stderr, line);
    assert.equal(stdout, '');
  });
}

test('a sink over the file of a source is refused', TIMEOUT, async () => {
  const text = `import { dataflow } from 'millrace';
import { readLines } from 'millrace/sources';
import { writeLines } from 'millrace/sinks';
export default dataflow(import.meta.url, 'same', (flow) =>
  flow.source('lines', readLines('same.txt')).to('file', writeLines('same.txt', ({ line }) => line)));
`;
  await inFolder({ 'same.js': text, 'same.txt': 'here\n' }, async (path) => {
    const { code, stderr } = await start(MAIN, ['check', 'same.js'], path).done;
    assert.equal(code, 1);
    assert.match(stderr, /\[FILE_CONFLICT\]\n {2}see .*docs\/errors\.md#FILE_CONFLICT\n$/);
  });
});
