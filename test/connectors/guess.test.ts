// Goal: what `millrace schema` prints reads the file that it was guessed from, and its types are no wider than they must be.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parseArguments } from '../../src/cli/arguments.ts';
import { schemaOf } from '../../src/cli/schema.ts';
import { columnOf } from '../../src/connectors/guess/cell-type.ts';
import { fieldNames } from '../../src/connectors/guess/field-names.ts';
import { sampleOf } from '../../src/connectors/guess/file-sample.ts';
import { guessCsv } from '../../src/connectors/guess/guess-csv.ts';
import type { SourceDefinition } from '../../src/flow/source.ts';
import type { Shape } from '../../src/mailbox/schema.ts';
import { runs } from '../kit/arbitraries.ts';
import { docsFolder } from '../kit/docs-code.ts';
import { drain } from '../kit/drive.ts';

const folder = docsFolder({});
test.after(() => folder.remove());
let files = 0;

/** Writes a file; gives what is printed for it, and the tuples that the printed source reads. */
async function guessed(content: string | Buffer, name = 'data'): Promise<{ code: string; tuples: unknown[] }> {
  const path = join(folder.path, `${files++}-${name}`);
  writeFileSync(path, content);
  const code = await schemaOf(path);
  writeFileSync(`${path}.mjs`, code);
  const { source } = (await import(pathToFileURL(`${path}.mjs`).href)) as { source: SourceDefinition<Shape, object> };
  return { code, tuples: await drain(source as never) };
}

const fieldsOf = (code: string): string[] =>
  (/const fields = \{\n([\s\S]*?)\n\};/.exec(code)?.[1] ?? '').split('\n').map((line) => line.trim());
const optionsOf = (code: string): string =>
  (/fields(, \{[\s\S]*\})?\);\n$/.exec(code)?.[1] ?? '').slice(2).replaceAll(/\s+/g, ' ').replace(/, \}$/, ' }');

test('a header of any text, empty cells, numbers, dates', async () => {
  const { code, tuples } = await guessed(
    'Product name,Price (EUR),In stock,added,active\ntea,1.25,4,2026-01-02,true\nsalt,,0,2026-03-04T05:06:07Z,false\n',
  );
  assert.deepEqual(fieldsOf(code), [
    'productName: t.string(),',
    'priceEur: t.optional(t.f64()), // empty in 1',
    'inStock: t.u32(),',
    'added: t.timestamp(),',
    'active: t.bool(),',
  ]);
  assert.equal(
    optionsOf(code),
    "{ header: { productName: 'Product name', priceEur: 'Price (EUR)', inStock: 'In stock' } }",
  );
  assert.match(code, /Guessed from 2 records\./);
  assert.deepEqual(tuples[1], {
    productName: 'salt',
    priceEur: null,
    inStock: 0,
    added: Date.UTC(2026, 2, 4, 5, 6, 7),
    active: false,
  });
});

test('a file as a spreadsheet of another country writes it: title, semicolons, decimal commas, Windows-1252', async () => {
  const text = 'Umsätze 2026\n\nArtikel;Preis;PLZ\nTee;1,25;01234\nKäse;12;80331\n';
  const { code, tuples } = await guessed(Buffer.from(text, 'latin1'));
  assert.deepEqual(fieldsOf(code), ['Artikel: t.string(),', 'Preis: t.f64(),', 'PLZ: t.string(),']);
  assert.equal(
    optionsOf(code),
    "{ skipLines: 2, header: true, delimiter: ';', decimal: ',', encoding: 'windows-1252' }",
  );
  assert.deepEqual(tuples, [
    { Artikel: 'Tee', Preis: 1.25, PLZ: '01234' },
    { Artikel: 'Käse', Preis: 12, PLZ: '80331' },
  ]);
});

test('without a header columns are numbered; tabs, quotes with line ends, gzip', async () => {
  const { code, tuples } = await guessed(gzipSync('1\t"a\nb"\t-1\n2\t"c ""d"""\t5\n'));
  assert.deepEqual(fieldsOf(code), ['column1: t.u32(),', 'column2: t.string(),', 'column3: t.i32(),']);
  assert.equal(optionsOf(code), "{ delimiter: '\\t' }");
  assert.deepEqual(tuples, [
    { column1: 1, column2: 'a\nb', column3: -1 },
    { column1: 2, column2: 'c "d"', column3: 5 },
  ]);
});

test('a file of one column, one of a header alone, one of UTF-16', async () => {
  assert.equal((await guessed('word\none\ntwo\n')).tuples.length, 2);
  const alone = await guessed('a,b\n');
  assert.deepEqual(alone.tuples, []);
  assert.deepEqual(fieldsOf(alone.code), ['a: t.string(),', 'b: t.string(),']);
  const wide = await guessed(Buffer.from('\ufeffname,n\nä,1\n', 'utf16le'));
  assert.deepEqual(wide.tuples, [{ name: 'ä', n: 1 }]);
});

test('records of another number of cells are told', async () => {
  const path = join(folder.path, `${files++}.csv`);
  writeFileSync(path, 'a,b\n1,2\n3\n4,5\n');
  const code = await schemaOf(path);
  assert.deepEqual(fieldsOf(code), ['a: t.u32(),', 'b: t.u32(),']);
  assert.match(code, /1 record of another number of cells: dead letters\./);
  assert.equal(optionsOf(code), "{ header: true, badRecords: 'skip' }");
});

test('a header whose names are alike or empty is left out, and columns have names of their own', async () => {
  const twice = await guessed('id,id,n\na,b,1\n');
  assert.deepEqual(fieldsOf(twice.code), ['id: t.string(),', 'id2: t.string(),', 'n: t.u32(),']);
  assert.equal(optionsOf(twice.code), '{ skipLines: 1 }');
  assert.match(twice.code, /Its header has names that are alike or empty/);
  assert.deepEqual(twice.tuples, [{ id: 'a', id2: 'b', n: 1 }]);
  const pandas = await guessed(',"x\ny",z\n0,1.5,a\n');
  assert.equal(optionsOf(pandas.code), '{ skipLines: 2 }');
  assert.deepEqual(pandas.tuples, [{ column1: 0, xY: 1.5, z: 'a' }]);
});

test('what spreadsheets and people write before a header', async () => {
  const { code, tuples } = await guessed('sep=;\r\nname;n\r\nstraße;1\r\n');
  assert.equal(optionsOf(code), "{ skipLines: 1, header: true, delimiter: ';' }");
  assert.deepEqual(tuples, [{ name: 'straße', n: 1 }]);
  const commented = await guessed('# made by hand, 2026\n# twice\nstraße,n\na,1\n');
  assert.equal(optionsOf(commented.code), "{ header: { strasse: 'straße' }, comment: '#' }");
  assert.deepEqual(commented.tuples, [{ strasse: 'a', n: 1 }]);
});

test('a folder and a pattern are guessed by their first file', async () => {
  const inner = join(folder.path, `logs-${files++}`);
  mkdirSync(inner);
  writeFileSync(join(inner, 'a.csv'), 'n\n1\n');
  writeFileSync(join(inner, 'b.csv'), 'n\n2\n');
  for (const path of [`${inner}/`, `${inner}/*.csv`]) {
    const code = await schemaOf(path);
    assert.match(code, new RegExp(`readCsv\\('[^']*${path.endsWith('/') ? '/' : '\\*\\.csv'}', fields`));
  }
});

test('JSON lines with some that are none, and numbers that are rounded', async () => {
  const path = join(folder.path, `${files++}.ndjson`);
  writeFileSync(path, '{"id":9007199254740993}\nxx\n{"id":1}\n{"id":2}\n{"id":');
  const code = await schemaOf(path);
  assert.deepEqual(fieldsOf(code), ['id: t.f64(), // beyond 2^53, where only texts are exact']);
  assert.match(code, /2 lines without an object: dead letters \(2, 5\)\./);
  assert.equal(optionsOf(code), "{ badRecords: 'skip' }");
});

test('JSON lines: nested values, what is missing, what is of several types', async () => {
  const lines = [
    { id: 1, at: '2026-01-02T03:04:05Z', tags: ['a'], at2: { x: 1.5, y: null }, any: 1, 'two words': 1 },
    { id: -2, at: '2026-01-02', tags: [], at2: { x: 2, y: 'z' }, any: 'text', note: 'n' },
  ];
  const { code, tuples } = await guessed(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'lines.ndjson');
  assert.deepEqual(fieldsOf(code), [
    'id: t.i32(),',
    'at: t.timestamp(),',
    'tags: t.list(t.string()),',
    'at2: t.struct({ x: t.f64(), y: t.optional(t.string()) }),',
    'any: t.json(),',
    "// 'two words': t.optional(t.u32()), no name of a field",
    'note: t.optional(t.string()), // missing in 1',
  ]);
  assert.equal(tuples.length, 2);
});

test('what is no file of records is refused with what to do', async () => {
  const refused = (text: string) =>
    guessed(text).then(
      () => assert.fail('it was taken'),
      ({ error }: { error: Error }) => error.message,
    );
  assert.match(await refused('[{"a":1},{"a":2}]'), /begins with an array: write each of its elements as a line/);
  assert.match(await refused('{\n"a": 1\n}\n'), /write each object as one line/);
  assert.match(await refused(''), /has no records/);
  assert.match(await refused('\n\n'), /has no records/);
  assert.match(await refused('a\0b\n'), /is no text: it has bytes that are zero/);
  assert.match(await refused(`${'a,'.repeat(300)}b\n`), /has 301 columns, and a tuple at most 256 fields/);
  assert.match(await refused('a,b\n"1,2\n'), /a quote in line 2 is not closed/);
  assert.match(await refused('{"a b":1}\n'), /without a property that a field can be named after/);
  assert.match(await refused('x'.repeat(5 * 1024 * 1024)), /begins with a line of more than 4 MiB/);
});

test('the command takes one file, and no option', () => {
  assert.deepEqual(parseArguments(['schema', '-']), { kind: 'schema', file: '-' });
  assert.throws(() => parseArguments(['schema']), /needs the path of a file/);
  assert.throws(() => parseArguments(['schema', 'a', 'b']), /takes one file, and 'b' is a second/);
  assert.throws(() => parseArguments(['schema', '--json', 'a']), /takes no option, got '--json'/);
});

test('a long file is guessed from its beginning, and says so', async () => {
  const path = join(folder.path, `${files++}.csv`);
  writeFileSync(path, `n\n${Array.from({ length: 1000 }, (_, n) => n).join('\n')}`);
  const { bytes, isWhole } = await sampleOf(path, 100);
  assert.equal(isWhole, false);
  assert.ok(bytes.length <= 100 && bytes.at(-1) === 10);
  const line = 'x'.repeat(500);
  writeFileSync(path, `${line}\n${line}\n`);
  assert.equal((await sampleOf(path, 100)).bytes.length, 501, 'one line at least');
});

test('texts that are names, and not numbers', () => {
  const typeOf = (...texts: string[]) => columnOf(texts, true).type;
  assert.equal(typeOf('00123', '5'), 'string');
  assert.equal(typeOf('0', '4294967295'), 'u32');
  assert.equal(typeOf('-1', '4294967295'), 'f64');
  assert.equal(typeOf('9007199254740993'), 'i64');
  assert.equal(typeOf('99999999999999999999'), 'string');
  assert.equal(typeOf('0.5', '-0.25e3', ' 7 '), 'f64');
  assert.equal(typeOf('2026-02-30'), 'string');
  assert.equal(typeOf('1.234,5'), 'string');
  assert.equal(typeOf('', ' '), 'string');
});

test('names of fields are of their own, and such as a schema takes', () => {
  assert.deepEqual(fieldNames(['a', 'A b', 'a-b', 'Größe', '日付', 'constructor', '2nd', 'ID', '']), [
    'a',
    'aB',
    'aB2',
    'grosse',
    'column5',
    'column6',
    'column7',
    'ID',
    'column9',
  ]);
});

const cell = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true }).map(String),
  fc.boolean().map(String),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
  fc.string(),
  fc.constant(''),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
);

test('whatever a file holds, the printed source reads all of the records that were looked at', async () => {
  const tables = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(',', ';', '\t', '|'), fc.boolean())
    .chain(([width, delimiter, quotes]) =>
      fc.record({
        delimiter: fc.constant(delimiter),
        quotes: fc.constant(quotes),
        rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
      }),
    );
  const written = (text: string, delimiter: string, quotes: boolean): string =>
    quotes || /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
  await fc.assert(
    fc.asyncProperty(tables, async ({ rows, delimiter, quotes }) => {
      const text = rows
        .map((row) => `${row.map((each) => written(each, delimiter, quotes)).join(delimiter)}\n`)
        .join('');
      const guess = guessCsv(Buffer.from(text));
      fc.pre(guess !== undefined && guess.skipLines === 0);
      const { tuples } = await guessed(text);
      assert.equal(tuples.length, guess?.records);
    }),
    runs(60),
  );
});
