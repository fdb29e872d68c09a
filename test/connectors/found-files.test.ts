// Goal: folders and patterns lead to files, each of which is read once and from any position on; what is found is decided once, and
// what is wrong with a file is told by its name, when its turn comes.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readCsv } from '../../src/connectors/csv/read-csv.ts';
import { findFiles, isPattern } from '../../src/connectors/files/file-patterns.ts';
import { foundFiles } from '../../src/connectors/files/found-files.ts';
import { readJson } from '../../src/connectors/json/read-json.ts';
import { linesOfFile, readLines } from '../../src/connectors/lines/read-lines.ts';
import { cutFor, MEMORY_CELLS, partitionsOf, type SourceDefinition } from '../../src/flow/source.ts';
import { t } from '../../src/mailbox/schema.ts';
import { contextWith, drain, drainEach } from '../kit/drive.ts';
import { UNKNOWN_FORMAT } from '../kit/file-sources.ts';
import { folder } from '../kit/temporary-files.ts';

let folders = 0;

/** A new folder with these files. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = join(folder, `folder-${folders++}`);
  fs.mkdirSync(path);
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(path, name)), { recursive: true });
    fs.writeFileSync(join(path, name), content);
  }
  return path;
}

test('which paths are to be found', () => {
  for (const path of ['a.csv', 'logs/a.csv', '-', '/a/b', 'a{b}.csv', 'a].csv']) assert.ok(!isPattern(path), path);
  for (const path of ['logs/', '*.csv', 'a?.csv', 'a[12].csv', '{a,b}.csv', 'logs/**'])
    assert.ok(isPattern(path), path);
});

test('the files of folders and patterns: sorted, each once, without folders and what begins with a dot', async () => {
  const path = folderOf({
    'b.csv': '',
    'a.csv': '',
    'c.txt': '',
    'A.csv': '',
    '.hidden.csv': '',
    'deep/d.csv': '',
    'deep/er/e.csv': '',
    'x.csv/y.txt': '',
  });
  const cases: [string, string[]][] = [
    ['/', ['A.csv', 'a.csv', 'b.csv', 'c.txt']],
    ['/*.csv', ['A.csv', 'a.csv', 'b.csv']],
    ['/?.csv', ['A.csv', 'a.csv', 'b.csv']],
    ['/[ab].csv', ['a.csv', 'b.csv']],
    ['/{c.txt,a.*}', ['a.csv', 'c.txt']],
    ['/**/*.csv', ['A.csv', 'a.csv', 'b.csv', 'deep/d.csv', 'deep/er/e.csv']],
    ['/*/d.csv', ['deep/d.csv']],
    ['/deep/', ['deep/d.csv']],
    ['/d*/', ['deep/d.csv']],
    ['/.h*', ['.hidden.csv']],
  ];
  for (const [pattern, expected] of cases) {
    for (const base of [path, relative('', path)]) {
      assert.deepEqual(
        await findFiles([base + pattern]),
        expected.map((name) => `${base}/${name}`),
        pattern,
      );
    }
  }
  const several = [`${path}/b.csv`, `${path}/*.csv`, `${path}/deep/`];
  const expected = ['b.csv', 'A.csv', 'a.csv', 'deep/d.csv'].map((name) => `${path}/${name}`);
  assert.deepEqual(await findFiles(several), expected);
});

test('a file with a name like a pattern is that file', async () => {
  const path = folderOf({ 'a[1].csv': 'x\n', 'a1.csv': '' });
  assert.deepEqual(await findFiles([`${path}/a[1].csv`]), [`${path}/a[1].csv`]);
  fs.rmSync(join(path, 'a[1].csv'));
  assert.deepEqual(await findFiles([`${path}/a[1].csv`]), [`${path}/a1.csv`]);
});

test('what finds nothing is INPUT_FILE, and says where it has looked', async () => {
  const path = folderOf({ 'a.csv': '' });
  for (const pattern of [`${path}/*.txt`, `${path}/none/`, `${path}/none/*`, `${path}/a.csv/`]) {
    await assert.rejects(findFiles([`${path}/*.csv`, pattern]), (error: { code?: string; message: string }) => {
      assert.equal(error.code, 'INPUT_FILE');
      assert.ok(
        error.message.includes(JSON.stringify(pattern)) && error.message.includes(process.cwd()),
        error.message,
      );
      return true;
    });
  }
  await assert.rejects(drain(readLines(folder)), { code: 'INPUT_FILE', message: new RegExp(`write '${folder}/'`) });
});

const line = fc
  .oneof(fc.constantFrom('', 'é', 'a', '\r', '日本'), fc.string({ maxLength: 8 }))
  .map((text) => text.replaceAll('\n', ''));
const content = fc
  .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, end, isEnded]) => (lines.join(end) + (isEnded && lines.length > 0 ? end : '')).replace(/^\ufeff/, ''));

/** The lines by definition. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((each) => (each.endsWith('\r') ? each.slice(0, -1) : each));
}

test('any files, chunks and limits: each line once and in order; reopening at every position gives exactly the rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(content, { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
      async (texts, chunkBytes, limit, partitions) => {
        const path = folderOf(Object.fromEntries(texts.map((text, i) => [`${i}.txt`, text])));
        const of = (each: string) => linesOfFile(each, UNKNOWN_FORMAT, chunkBytes, 1);
        const source = foundFiles([`${path}/`], of, partitions);
        for (let partition = 0; partition < partitions; partition++) {
          const expected = texts.filter((_, i) => i % partitions === partition).flatMap(linesOf);
          const places = [{ position: { file: 0, at: 0 }, count: 0 }];
          const memory = new Int32Array(MEMORY_CELLS);
          const all = await drain(source, {
            partition,
            limit,
            memory,
            after: (position, count) => places.push({ position, count }),
          });
          assert.deepEqual(
            all.map(({ line }) => line),
            expected,
          );
          for (const { position, count } of places) {
            const rest = await drain(source, { partition, position, memory });
            assert.deepEqual(
              rest.map(({ line }) => line),
              expected.slice(count),
            );
          }
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('partitions go by the replicas that there may be, and have all files together', async () => {
  const path = folderOf(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${10 + i}.txt`, `${i}\n`])));
  const source = readLines(`${path}/*.txt`);
  assert.equal(partitionsOf(source), 1);
  for (const [replicas, partitions] of [
    [1, 1],
    [2, 8],
    [100, 256],
  ] as const) {
    const cut = cutFor(source, replicas) as typeof source;
    assert.equal(partitionsOf(cut), partitions);
    const parts = await drainEach(cut);
    const found = parts.flatMap(({ tuples }) => tuples.map(({ line }) => Number(line)));
    assert.deepEqual(
      found.sort((a, b) => a - b),
      Array.from({ length: 30 }, (_, i) => i),
    );
  }
});

test('each file has its own header, compression and line ends', async () => {
  const path = folderOf({
    'a.csv': 'name,id\r\nx,1\r\n"y\n",2',
    'b.csv': 'id,more,name\n3,?,z\n',
    'c.csv.gz': gzipSync('id,name\n4,w\n'),
    'd.csv': 'id,name\n',
  });
  const source = readCsv(`${path}/*`, { id: t.u32(), name: t.string() }, { header: true });
  const positions: unknown[] = [];
  const all = await drain(source, { limit: 1, after: (position) => positions.push(position) });
  const expected = [
    { id: 1, name: 'x' },
    { id: 2, name: 'y\n' },
    { id: 3, name: 'z' },
    { id: 4, name: 'w' },
  ];
  assert.deepEqual(all, expected);
  // Tuples of all files are of one hidden class: they have one constructor, behind the prototype.
  assert.equal(Object.getPrototypeOf(all[0]), Object.prototype);
  for (const position of positions as (typeof source.start)[]) {
    const rest = await drain(source, { position });
    assert.deepEqual(rest, expected.slice(expected.length - rest.length));
  }
});

test('a file whose header lacks a field, or that is cut within it, is told by its name', async () => {
  for (const [content, skipLines, message] of [
    ['\nid,nam\n1,x\n', 1, /b\.csv lacks the column 'name'/],
    ['a\nb\n', 3, /b\.csv, line 3: .* 3 lines that \{ skipLines: 3 \}/],
  ] as const) {
    const path = folderOf({ 'a.csv': `${'\n'.repeat(skipLines)}id,name\n1,x\n`, 'b.csv': content });
    const tuples: unknown[] = [];
    const source = readCsv(`${path}/`, { id: t.u32(), name: t.string() }, { header: true, skipLines });
    const reading = drain(source, { after: (_, count) => tuples.push(count) });
    await assert.rejects(reading, { code: 'BAD_CSV', message });
    assert.equal(Math.max(...(tuples as number[])), 1, 'the file before was read');
  }
});

test('an empty file among those that were found has no record; one that is named lacks its header', async () => {
  const fields = { id: t.u32() };
  for (const [name, skipLines] of [
    ['a', 0],
    ['b', 0],
    ['c', 2],
  ] as const) {
    const files = Object.fromEntries(['a', 'b', 'c'].map((each, id) => [`${each}.csv`, `x\nx\nid\n${id}\n`]));
    const path = folderOf({ ...files, [`${name}.csv`]: '' });
    const rows = await drain(readCsv(`${path}/*.csv`, fields, { header: true, skipLines: 2 }));
    assert.deepEqual(rows.map(({ id }) => 'abc'[id]).join(''), 'abc'.replace(name, ''));
    const single = readCsv(`${path}/${name}.csv`, fields, { header: true, skipLines, badRecords: 'skip' });
    await assert.rejects(drain(single), (error: Error) => {
      assert.match(error.message, skipLines === 0 ? /no header.*header: false/ : /line 1: .*skipLines: 2/);
      assert.doesNotMatch(error.message, /badRecords/);
      return true;
    });
  }
});

test('links: `**` does not go through those to folders, and each file is read once, whatever its names', async () => {
  const path = folderOf({ 'a.csv': '', 'deep/b.csv': '', 'deep/c.txt': '' });
  const other = folderOf({ 'd.csv': '' });
  fs.symlinkSync('.', join(path, 'loop'));
  fs.symlinkSync(other, join(path, 'other.csv'));
  fs.symlinkSync('b.csv', join(path, 'deep/latest.csv'));
  const found = async (...patterns: string[]): Promise<string[]> =>
    (await findFiles(patterns.map((each) => join(path, each)))).map((each) => relative(path, each));
  assert.deepEqual(await found('**/*.csv'), ['a.csv', 'deep/b.csv']);
  assert.deepEqual(await found('deep/c.txt', 'deep/*'), ['deep/c.txt', 'deep/b.csv']);
  assert.deepEqual(await found('*/d.csv'), ['other.csv/d.csv']);
  await assert.rejects(findFiles([join(path, '*.csv'), join(path, 'missing.csv')]), {
    code: 'INPUT_FILE',
    message: /missing\.csv/,
  });
  for (const twice of [
    ['s.csv', './s.csv'],
    ['x/../s.csv', 's.csv', '*.csv'],
  ]) {
    assert.throws(() => readLines(twice), { code: 'BAD_OPTION', message: /twice/ });
  }
});

test('bad lines of JSON are told with their file', async () => {
  const path = folderOf({ 'a.ndjson': '{"n":1}\n\n', 'b.ndjson': '{"n":2}\nno\n{"n":3}' });
  const source = readJson(`${path}/*.ndjson`, { n: t.u32() }, { badRecords: 'skip' });
  const rejected: { record: unknown; error: Error; position: unknown }[] = [];
  assert.deepEqual(await drain(source, { rejected }), [{ n: 1 }, { n: 2 }, { n: 3 }]);
  assert.deepEqual(
    rejected.map(({ record }) => record),
    [{ line: 2, text: 'no' }],
  );
  assert.match(rejected[0].error.message, /b\.ndjson, line 2/);
});

test('a file that has vanished fails the job by its name, behind the files before it', async () => {
  const path = folderOf({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n' });
  const source = readLines(`${path}/`);
  const listing = await findFiles([`${path}/`]);
  fs.rmSync(join(path, 'c.txt'));
  let read = 0;
  await assert.rejects(drain(source, { listing, after: (_, count) => (read = count) }), {
    code: 'INPUT_FILE',
    message: /c\.txt/,
  });
  assert.equal(read, 2);
});

test('a file that has grown since is read to its end, one that came is not read', async () => {
  const path = folderOf({ 'a.txt': 'a\n', 'b.txt': '' });
  const listing = await findFiles([`${path}/`]);
  fs.appendFileSync(join(path, 'b.txt'), 'b\nmore');
  fs.writeFileSync(join(path, 'aa.txt'), 'new\n');
  const all = await drain(readLines(`${path}/`), { listing });
  assert.deepEqual(
    all.map(({ line }) => line),
    ['a', 'b', 'more'],
  );
});

test('a file that was replaced while it was read is INPUT_CHANGED when it is opened again, be it the hundredth', async () => {
  const count = 100;
  const path = folderOf(
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${1000 + i}.txt`, `${i}\nsecond of ${i}\n`])),
  );
  const source: SourceDefinition<{ line: ReturnType<typeof t.string> }> = readLines(`${path}/`);
  const memory = new Int32Array(MEMORY_CELLS);
  const places: unknown[] = [];
  await drain(source, { memory, limit: 1, after: (position) => places.push(position) });
  const last = places.findLast(
    (each) => (each as { file: number; at: number }).at > 0 && (each as { file: number }).file === count - 1,
  );
  fs.renameSync(join(path, `${999 + count}.txt`), join(path, '..', `moved-${folders++}`));
  fs.writeFileSync(join(path, `${999 + count}.txt`), 'other\nand more\n');
  const position = last as number;
  await assert.rejects(drain(source, { memory, position }), { code: 'INPUT_CHANGED' });
});

test('descriptors are closed, however reading ends', { skip: process.platform !== 'linux' }, async () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  const path = folderOf({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'c\n' });
  const source = readLines(`${path}/`);
  await drain(source);
  const reader = await source.open(contextWith({ position: { file: 0, at: 0 } as never }));
  reader.close();
  for (let i = 0; i < 100 && open() > before; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(open() <= before, `${open()} after ${before}`);
});

test('files that are found are not cut into ranges', () => {
  assert.throws(() => readLines('logs/*.csv', { ranges: 2 }), { code: 'BAD_OPTION', message: /whole/ });
  readLines('logs/*.csv', { ranges: 'auto' });
  assert.throws(() => readLines(['a', 'a']), { code: 'BAD_OPTION' });
});
