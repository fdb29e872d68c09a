// Goal: the text of a refusal says what to write instead, and does not guess: options of a bare value, misspelt parts of an actor, a file
// that a list has twice, packages that are not installed, fields that are no keys.

import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { errors } from '../../src/errors.ts';
import { buildGraph, type FlowBuilder } from '../../src/flow/dataflow.ts';
import { actor, dataflow, t } from '../../src/index.ts';
import { fromIterable, generate, push, readCsv, readJson, readLines } from '../../src/sources.ts';
import { checkRunOptions } from '../../src/supervisor/job/run-options.ts';
import { millrace } from '../kit/command.ts';
import { thrown } from '../kit/run-flow.ts';
import { fileOf } from '../kit/temporary-files.ts';

const F = { n: t.u32() };
const refused = (call: () => unknown): string => thrown(call, 'BAD_OPTION').message;
const bare = (value: unknown) => value as never;

test('a bare value in place of options: that which it is meant for, or all that there are', () => {
  const mains: readonly (readonly [() => unknown, string])[] = [
    [() => checkRunOptions(bare(2)), '{ workers: 2 }'],
    [() => readLines('a.txt', bare(4)), '{ ranges: 4 }'],
    [() => readJson('a.json', F, bare(4)), '{ ranges: 4 }'],
    [() => readCsv('a.csv', F, bare(4)), '{ ranges: 4 }'],
    [() => generate(F, (n) => ({ n }), bare(1000)), '{ count: 1000 }'],
    // The only one that takes it.
    [() => fromIterable(F, () => [], bare(4)), '{ partitions: 4 }'],
  ];
  for (const [call, written] of mains) assert.ok(refused(call).includes(`an object such as ${written}, got `), written);
  const operator = (flow: FlowBuilder) => flow.source('a', push(F)).map('b', F, (tuple) => tuple, bare(4));
  assert.match(
    refused(() => buildGraph(dataflow(import.meta.url, 'f', operator as never), {})),
    /an object such as \{ parallelism: 4 \}, got 4$/,
  );
  // Several take it, or none does.
  assert.match(
    refused(() => readCsv('a.csv', F, bare(true))),
    /must be an object with any of the options .*'header', .*'trim'.*, got true$/,
  );
  assert.match(
    refused(() => checkRunOptions(bare('fast'))),
    /must be an object with any of the options 'params', 'workers', .*, got "fast"$/,
  );
});

test('misspelt parts and messages of an actor', () => {
  const parts = { messages: { add: { n: t.u32() } }, receive: { add() {} } };
  const message = (more: object): string =>
    thrown(() => actor(import.meta.url, 'counter', { ...parts, ...more } as never), 'BAD_ACTOR').message;
  assert.match(message({ restAfter: 10 }), /has no part 'restAfter': did you mean 'restAfterMs'\?/);
  assert.match(message({ zeal: 10 }), /has no part 'zeal': give it messages, state, /);
  assert.match(
    message({ messages: { ended: {} }, receive: { ended() {}, endde() {} } }),
    /handles 'endde' in receive, which is none of its messages: did you mean 'ended'\?/,
  );
});

test('a list that has a file twice names it, however it is written', () => {
  const twice = (...paths: string[]): string => refused(() => readLines(paths));
  assert.match(twice('a.txt', 'b.txt', 'a.txt'), /^the list of files of readLines\(\) has "a\.txt" twice: /);
  assert.ok(
    twice('a.txt', resolve('a.txt')).includes(
      `has ${JSON.stringify(resolve('a.txt'))} twice, the first time as "a.txt"`,
    ),
  );
  assert.ok(twice('a.txt', join('x', '..', 'a.txt')).includes('twice'));
  assert.match(
    refused(() => readLines([])),
    /'path' of readLines\(\) must be a file's path, .* or a list of 1 to 256 of them/,
  );
});

const notFound = (text: string) => Object.assign(new Error(text), { code: 'ERR_MODULE_NOT_FOUND' });

test('what is not installed is named with what installs it, and no limit is blamed', () => {
  for (const [text, remedy] of [
    ["Cannot find package 'left-pad' imported from /app/flow.js", 'npm install left-pad'],
    ["Cannot find package '@scope/tool' imported from /app/", 'npm install @scope/tool'],
    ["Cannot find module 'lodash/fp'\nRequire stack:\n- /app/flow.cjs", 'npm install lodash'],
    ["Cannot find module '/app/words.js' imported from /app/flow.js", 'mend the path'],
    ["Cannot find module './words.js'\nRequire stack:\n- /app/flow.cjs", 'mend the path'],
  ] as const)
    for (const error of [
      errors.workerStart(notFound(text)),
      errors.moduleImport('file:///app/flow.js', new Error(text)),
      errors.flowModule('flow.js', notFound(text)),
    ]) {
      assert.ok(error.message.includes(remedy), error.message);
      assert.ok(!/ulimit|import\.meta\.url/.test(error.message), error.message);
    }
  assert.match(errors.workerStart(new Error('no room')).message, /no room\. Lower 'workers'/);
  assert.match(errors.moduleImport('file:///a.js', new Error('bad luck')).message, /pass import\.meta\.url/);
});

test('a flow that imports what is not installed', async () => {
  const path = fileOf(`import 'millrace-not-there';\n`, '.mjs');
  const { code, stderr } = await millrace('run', path);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /Cannot find package 'millrace-not-there' .* \(it is not installed there: npm install millrace-not-there\)/,
  );
});

test('a preload that is not installed keeps workers from starting, and is named', async () => {
  const flow = dataflow(import.meta.url, 'preloading', (builder) =>
    builder
      .source(
        'a',
        fromIterable(F, () => []),
      )
      .collect('out'),
  );
  await assert.rejects(flow.run({ workers: 1, execArgv: ['--import', 'millrace-not-there'] }), (error: Error) => {
    assert.match(error.message, /npm install millrace-not-there/);
    assert.ok(!error.message.includes('ulimit'), error.message);
    return true;
  });
});

test('fields that are no keys: how they come to be one', () => {
  const fields = {
    place: t.struct({ id: t.u32() }),
    home: t.optional(t.struct({ id: t.u32() })),
    tags: t.list(t.string()),
    any: t.json(),
  };
  const message = (field: keyof typeof fields): string =>
    thrown(
      () =>
        buildGraph(
          dataflow(import.meta.url, 'f', (flow) => flow.source('a', push(fields)).keyBy(field as never)),
          {},
        ),
      'UNKNOWN_KEY_FIELD',
    ).message;
  assert.match(message('place'), /by map\(\), such as place\.id, and key by that$/);
  assert.match(message('home'), /by map\(\), such as home\?\.id, and key by that$/);
  assert.match(message('tags'), /by flatMap\(\) and key by that, or a text of all by map\(\), such as tags\.join\(\)$/);
  assert.match(message('any'), /a field of such a type by map\(\), and key by that$/);
});
