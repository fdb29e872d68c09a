// Goal: what goes wrong with somebody's first file is told with what to write instead: columns that have other names, a header that is
// taken for a record, names in JSON, files that are not compressed, folders that are not there, operators without a name.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { count } from '../../src/aggregates.ts';
import { errors } from '../../src/errors.ts';
import { buildGraph, type FlowBuilder } from '../../src/flow/dataflow.ts';
import { dataflow, t } from '../../src/index.ts';
import { writeJson } from '../../src/sinks.ts';
import { fromIterable, readCsv, readJson, readLines } from '../../src/sources.ts';
import { drain } from '../kit/drive.ts';
import { thrown } from '../kit/run-flow.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const FIELDS = { name: t.string(), cents: t.u32() };
const csv = fileOf('\ufeffProduct name,Price (cents)\r\ntea,350\r\n', '.csv');
const rejects = (reading: Promise<unknown>, message: RegExp) => assert.rejects(reading, { message });

test('columns of a CSV file', async () => {
  const header = { name: 'Product Name', cents: 'Price (cents)' };
  await rejects(
    drain(readCsv(csv, FIELDS, { header })),
    /lacks the column 'Product Name'.*\{ header: \{ name: "Product name" \} \}/,
  );
  await rejects(
    drain(readCsv(csv, FIELDS, { header: true })),
    /it has "Product name", .*\{ header: \{ name: '…' \} \}/,
  );
  const misspelt = { name: 'Product name', cent: 'Price (cents)' } as never;
  assert.match(
    thrown(() => readCsv(csv, FIELDS, { header: misspelt }), 'BAD_OPTION').message,
    /columns of the fields name, cents, and 'cent' is none of them: did you mean 'cents'\?/,
  );
});

test('a header that is taken for a record', async () => {
  await rejects(
    drain(readCsv(csv, FIELDS)),
    /line 1: .*got "Price \(cents\)".* If that line is a header, pass \{ header: true \}/,
  );
  const later = fileOf('tea,350\nsalt,cheap\n');
  await assert.rejects(drain(readCsv(later, FIELDS)), (error: Error) => !error.message.includes('header'));
});

test('names in JSON', async () => {
  const json = fileOf('{"id":1,"wrod":"a"}\n');
  await rejects(drain(readJson(json, { id: t.u32(), word: t.string() })), /got undefined: the object has 'wrod'\./);
  await rejects(
    drain(readJson(json, { id: t.u32(), text: t.string() })),
    /got undefined: the object has "id", "wrod"; t\.optional\(…\) takes what may be missing\./,
  );
  await rejects(drain(readJson(fileOf('{}\n'), { id: t.u32() })), /the object has nothing; /);
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`n${i}`, i])));
  await rejects(drain(readJson(fileOf(`${many}\n`), { id: t.u32() })), /the object has "n0", .*"n7", …; /);
  assert.match(
    thrown(() => readJson(json, { id: 'u32' as never }), 'BAD_SCHEMA').message,
    /field 'id' has no known type: call the type, such as t\.u32\(\), in place of its name/,
  );
});

test('a file that is not compressed as is said', async () => {
  for (const compression of ['gzip', 'brotli'] as const)
    await rejects(
      drain(readLines(csv, { compression })),
      new RegExp(`it does not begin as ${compression} does \\(.*\\): leave .compression. out`),
    );
  await rejects(drain(readLines(fileOf('no brotli\n', '.br'))), /pass \{ compression: 'none' \}/);
});

test('a folder that is not there, of a file that is to be written', () => {
  const path = join(newPath(), 'out.csv');
  const cause = Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
  assert.ok(
    errors.sinkFailed('out', cause).message.endsWith(`. Make the folder ${JSON.stringify(join(path, '..'))} first`),
  );
  assert.ok(!errors.sinkFailed('out', new Error('disk full')).message.includes('folder'));
});

test('operators without a name', () => {
  const numbers = (flow: FlowBuilder) =>
    flow.source(
      'numbers',
      fromIterable({ n: t.u32() }, () => []),
    );
  const keyed = (flow: FlowBuilder) =>
    numbers(flow).keyBy('n') as never as Record<string, (...args: unknown[]) => unknown>;
  const plain = (flow: FlowBuilder) => numbers(flow) as never as Record<string, (...args: unknown[]) => unknown>;
  const closure = () => {};
  const calls: Readonly<Record<string, (flow: FlowBuilder) => unknown>> = {
    source: (flow) => flow.source(readLines('a.txt') as never, undefined as never),
    map: (flow) => plain(flow).map({ n: t.u32() }, closure),
    filter: (flow) => plain(flow).filter(closure),
    flatMap: (flow) => plain(flow).flatMap({ n: t.u32() }, closure),
    collect: (flow) => plain(flow).collect(),
    forEach: (flow) => plain(flow).forEach(closure),
    to: (flow) => plain(flow).to(writeJson('a.json')),
    process: (flow) => keyed(flow).process({ output: {} }, closure),
    aggregate: (flow) => keyed(flow).aggregate({ numbers: count() }),
  };
  for (const [method, call] of Object.entries(calls)) {
    const { message } = thrown(() => buildGraph(dataflow(import.meta.url, 'f', call as never), {}), 'BAD_FLOW');
    assert.match(
      message,
      new RegExp(`^${method}\\(name.*\\) takes the operator's name first, a text, got .*: write ${method}\\('…'`),
    );
  }
});
