// Goal: a tuple says which file it comes from, however the file came to be read; types have the field; positions stay as they are.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type TupleOf, t } from '../../src/mailbox/schema.ts';
import { readCsv, readJson, readLines } from '../../src/sources.ts';
import { drain, drainEach } from '../kit/drive.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** One object type, and not an intersection. */
type Flat<Type> = { [Name in keyof Type]: Type[Name] };

test('lines, records and objects of several files say which they are of', async () => {
  const [one, two] = [fileOf('a\nb\n'), fileOf('c\n')];
  const lines = (await drainEach(readLines([one, two], { fileField: 'from' }))).flatMap(({ tuples }) => tuples);
  assert.deepEqual(lines, [
    { line: 'a', from: one },
    { line: 'b', from: one },
    { line: 'c', from: two },
  ]);
  const csv = fileOf('n\n1\n2\n', '.csv');
  assert.deepEqual(await drain(readCsv(csv, { n: t.u8() }, { header: true, fileField: 'file' })), [
    { n: 1, file: csv },
    { n: 2, file: csv },
  ]);
  const json = fileOf('{"n":1,"file":"other"}\n', '.json');
  assert.deepEqual(await drain(readJson(json, { n: t.u8() }, { fileField: 'file' })), [{ n: 1, file: json }]);
});

test('reading goes on behind each position', async () => {
  const path = fileOf('a\nb\nc\n');
  const source = readLines(path, { fileField: 'file' });
  const seen: number[] = [];
  await drain(source, { limit: 1, after: (position) => seen.push(position as number) });
  assert.deepEqual(await drain(source, { position: seen[0] }), [
    { line: 'b', file: path },
    { line: 'c', file: path },
  ]);
});

test('files that are found have their paths', async () => {
  const folder = newPath('');
  mkdirSync(folder);
  for (const name of ['x.txt', 'y.txt']) writeFileSync(join(folder, name), `${name[0]}\n`);
  const source = readLines(`${folder}/*.txt`, { fileField: 'file' });
  const listing = await source.list?.();
  const found = await drain(source, { listing });
  assert.deepEqual(found.map(({ line, file }) => [line, file.endsWith(`${line}.txt`)]).sort(), [
    ['x', true],
    ['y', true],
  ]);
});

test('the field is in the types, and only where it is asked for', () => {
  const named = readLines('f', { fileField: 'file' });
  const plain = readLines('f');
  const csv = readCsv('f', { n: t.u8() }, { fileField: 'of' });
  const same: [
    Same<Flat<TupleOf<typeof named.fields>>, { line: string; file: string }>,
    Same<Flat<TupleOf<typeof plain.fields>>, { line: string }>,
    Same<Flat<TupleOf<typeof csv.fields>>, { n: number; of: string }>,
  ] = [true, true, true];
  assert.deepEqual(same, [true, true, true]);
});

test('a name that cannot be, or that a field has, is refused at once', () => {
  assert.throws(() => readLines('f', { fileField: 'line' }), {
    code: 'BAD_OPTION',
    message: /'fileField' of readLines\(\) must be a name that no other field has, got "line"/,
  });
  for (const fileField of ['a b', '', '__proto__', 5]) {
    assert.throws(() => readLines('f', { fileField } as never), { code: 'BAD_OPTION', message: /the name of a field/ });
  }
});
