// Goal: a CSV file gives the same tuples however it is written: with other quotes, escapes, comments, spaces, decimal signs, leading
// lines, line ends and encodings, from any committed position on, wherever chunks and ranges end. csv-parse reads the same cells.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { CsvPosition } from '../../src/connectors/csv/csv-settings.ts';
import { type ReadCsvOptions, readCsv } from '../../src/connectors/csv/read-csv.ts';
import { t } from '../../src/mailbox/schema.ts';
import { drain, drainEach, type Rejected } from '../kit/drive.ts';
import { csvSource } from '../kit/file-sources.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { fileOf } from '../kit/temporary-files.ts';

const fields = { a: t.string(), x: t.optional(t.f64()), b: t.string() };
type Row = { a: string; x: number | null; b: string };

interface Dialect {
  readonly delimiter: string;
  readonly quote: string | false;
  readonly escape: string | undefined;
  readonly comment: string | undefined;
  readonly trim: boolean;
  readonly decimal: '.' | ',';
}

const dialects = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quote: fc.constantFrom<string | false>('"', "'", '`', false),
    escape: fc.constantFrom(undefined, '\\', '^'),
    comment: fc.constantFrom(undefined, '#', '%'),
    trim: fc.boolean(),
    decimal: fc.constantFrom<'.' | ','>('.', ','),
  })
  .filter(
    ({ delimiter, decimal, quote, escape: escaping }) =>
      delimiter !== decimal && (quote !== false || escaping === undefined),
  );

const cell = fc
  .array(
    fc.constantFrom(
      'a',
      'b c',
      '"',
      "'",
      '`',
      '\\',
      '^',
      '#',
      '%',
      ',',
      ';',
      '\t',
      '|',
      '\n',
      '\r\n',
      ' ',
      'é',
      '日',
      '😀',
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''));
const row: fc.Arbitrary<Row> = fc.record(
  {
    a: cell,
    x: fc.oneof(
      fc.constant(null),
      fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8),
    ),
    b: cell,
  },
  { noNullPrototype: true },
);

/** A cell as the dialect writes it; undefined if it cannot. */
function write(text: string, isQuoted: boolean, isFirst: boolean, dialect: Dialect): string | undefined {
  const { delimiter, quote, escape: escaping = quote, comment, trim } = dialect;
  const isPlain =
    !text.includes(delimiter) &&
    !/[\r\n]/.test(text) &&
    !(quote !== false && text.startsWith(quote)) &&
    !(isFirst && comment !== undefined && text.startsWith(comment)) &&
    !(trim && text !== text.replace(/^[ \t]+|[ \t]+$/g, ''));
  if (quote === false) return isPlain ? text : undefined;
  if (isPlain && !isQuoted) return text;
  const escaped = [...text].map((c) => (c === quote || c === escaping ? `${escaping}${c}` : c)).join('');
  return `${quote}${escaped}${quote}`;
}

interface Written {
  readonly text: string;
  readonly rows: Row[];
}

function writeAll(rows: readonly Row[], dialect: Dialect, lineEnd: string, random: readonly boolean[]): Written {
  const kept: Row[] = [];
  let text = '';
  let drawn = 0;
  const draw = (): boolean => random[drawn++ % random.length];
  for (const each of rows) {
    const number = each.x === null ? '' : String(each.x).replace('.', dialect.decimal);
    const cells = [each.a, number, each.b].map((value, i) => write(value, draw(), i === 0, dialect));
    if (cells.includes(undefined)) continue;
    const pad = (): string => (dialect.trim && draw() ? ' ' : '');
    // A space before a comment sign would make it none, and a cell of another text.
    text += `${cells.map((value, i) => `${i === 0 ? '' : pad()}${value}${pad()}`).join(dialect.delimiter)}${lineEnd}`;
    if (dialect.comment !== undefined && draw()) text += `${dialect.comment} "'\`${dialect.delimiter}${lineEnd}`;
    if (draw()) text += lineEnd;
    kept.push(each);
  }
  return { text, rows: kept };
}

const optionsOf = ({ quote, ...dialect }: Dialect): ReadCsvOptions => ({ ...dialect, quote });

test('any dialect, any chunk size; reopening behind each record gives exactly the rest, and csv-parse the same cells', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 8 }),
      dialects,
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.boolean(), { minLength: 7, maxLength: 31 }),
      fc.integer({ min: 1, max: 40 }),
      async (given, dialect, lineEnd, random, chunk) => {
        const { text, rows } = writeAll(given, dialect, lineEnd, random);
        const options = optionsOf(dialect);
        const source = csvSource(fileOf(text, '.csv'), fields, options, chunk);
        const positions: [CsvPosition, number][] = [[{ byte: 0, lines: 0 }, 0]];
        const all = await drain(source, { limit: 1, after: (position, count) => positions.push([position, count]) });
        assert.deepStrictEqual(all, rows, JSON.stringify([text, dialect]));
        for (const [position, count] of positions) {
          assert.deepStrictEqual(await drain(source, { position }), rows.slice(count), `from byte ${position.byte}`);
          if (count < rows.length && count > 0) {
            const before = Buffer.from(text).subarray(0, position.byte).toString();
            assert.equal(position.lines, before.split('\n').length - 1);
          }
        }
        for (const ranges of [2, 5]) {
          const parts = await drainEach(csvSource(fileOf(text, '.csv'), fields, options, chunk, ranges));
          assert.deepStrictEqual(
            parts.flatMap(({ tuples, error }) => (error === undefined ? tuples : assert.fail(String(error)))),
            rows,
          );
        }
        const { delimiter, quote, escape: escaping, comment, trim, decimal } = dialect;
        const others = parse(text, {
          delimiter,
          quote,
          escape: escaping ?? quote,
          trim,
          skip_empty_lines: true,
          relax_quotes: true,
          ...(comment !== undefined && { comment, comment_no_infix: true }),
        }) as string[][];
        // An escape outside of quotes is a sign like others here.
        if (escaping !== undefined && text.includes(escaping)) return;
        // csv-parse also trims other white space; there is none here.
        assert.deepEqual(
          others.map(([a, x, b]) => ({ a, x: x === '' ? null : Number(x.replace(decimal, '.')), b })),
          rows,
          JSON.stringify([text, dialect]),
        );
      },
    ),
    { numRuns: shortOrLong(60, 400) },
  );
});

test('any text in a dialect, in any number of ranges: the tuples, dead letters and failures of one reader', async () => {
  const piece = fc.constantFrom(
    '"',
    "'",
    '\\',
    '#',
    ',',
    ' ',
    '\n',
    '\r\n',
    'x',
    'a,b,c\n',
    '#"\n',
    '"\\"',
    "'\\'",
    ', "',
  );
  const sizes = fc.record({
    chunkBytes: fc.integer({ min: 1, max: 9 }),
    recordBytesMax: fc.constantFrom(9, 30, 1000),
  });
  const options = fc.record({
    quote: fc.constantFrom<string | false>('"', "'", false),
    escape: fc.constantFrom(undefined, '\\'),
    comment: fc.constantFrom(undefined, '#'),
    trim: fc.boolean(),
    skipLines: fc.constantFrom(0, 0, 1, 3),
  });
  const three = { a: t.string(), b: t.string(), c: t.string() };
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 40 }),
      options,
      sizes,
      fc.integer({ min: 2, max: 20 }),
      async (pieces, { escape: escaping, ...dialect }, size, ranges) => {
        const path = fileOf(pieces.join(''), '.csv');
        const how: ReadCsvOptions = {
          ...dialect,
          ...(dialect.quote !== false && { escape: escaping }),
          badRecords: 'skip',
        };
        const outcome = async (count: number, chunkBytes: number) => {
          const parts = await drainEach(csvSource(path, three, how, { ...size, chunkBytes }, count));
          const failed = parts.findIndex(({ error }) => error !== undefined);
          const until = failed < 0 ? parts : parts.slice(0, failed + 1);
          return {
            tuples: until.flatMap(({ tuples }) => tuples),
            letters: until.flatMap(({ rejected }) => rejected.map(({ record, error }) => [record, error.message])),
            failure: (parts[failed]?.error as Error | undefined)?.message,
          };
        };
        const expected = await outcome(1, 1000);
        const text = JSON.stringify([pieces.join(''), how, size]);
        assert.deepEqual(await outcome(1, size.chunkBytes), expected, text);
        assert.deepEqual(await outcome(ranges, size.chunkBytes), expected, text);
      },
    ),
    { numRuns: shortOrLong(150, 1000) },
  );
});

/** A file that needs nearly everything. */
const EXPORT = [
  'Exported by nobody',
  '"an odd quote',
  '# comment',
  '',
  "Article ; 'Price (EUR)';Stock",
  'Nails; 1,25 ;100',
  "'Screws; large' ;12;",
  '# 3;4;5',
  '   ',
  "'O\\'Neill';-0,5; 7 ",
].join('\r\n');
const stock = { article: t.string(), price: t.f64(), stock: t.u32() };
const EXPORT_OPTIONS: ReadCsvOptions = {
  skipLines: 2,
  header: { article: 'Article', price: 'Price (EUR)', stock: 'Stock' },
  delimiter: ';',
  quote: "'",
  escape: '\\',
  comment: '#',
  trim: true,
  decimal: ',',
  defaults: { stock: 0 },
};
const EXPORTED = [
  { article: 'Nails', price: 1.25, stock: 100 },
  { article: 'Screws; large', price: 12, stock: 0 },
  { article: "O'Neill", price: -0.5, stock: 7 },
];

test('a header with any text, leading lines, comments, spaces, a decimal comma, defaults', async () => {
  for (const chunk of [1, 2, 7, 1000]) {
    for (const ranges of [1, 2, 3, 9]) {
      const parts = await drainEach(csvSource(fileOf(EXPORT), stock, EXPORT_OPTIONS, chunk, ranges));
      assert.deepEqual(
        parts.flatMap(({ tuples }) => tuples),
        EXPORTED,
        `${ranges} ranges, chunks of ${chunk}`,
      );
    }
    const source = csvSource(fileOf(EXPORT), stock, EXPORT_OPTIONS, chunk);
    const seen: [CsvPosition, number][] = [];
    await drain(source, { limit: 1, after: (...at) => seen.push(at) });
    assert.deepEqual(
      seen
        .map(([{ lines }, count]) => [count, lines])
        .filter(([count], i, all) => count > 0 && count !== all[i - 1]?.[0]),
      [
        [1, 6],
        [2, 7],
        [3, 10],
      ],
    );
    for (const [position, count] of seen) assert.deepEqual(await drain(source, { position }), EXPORTED.slice(count));
  }
});

test('bad records say line, column, field, text and reason', async () => {
  const path = fileOf('Name,Price\nnail,1.5\nscrew,cheap\nnut\n');
  const source = readCsv(path, { Name: t.string(), Price: t.f64() }, { header: true, badRecords: 'skip' });
  const rejected: Rejected[] = [];
  await drain(source, { rejected });
  const [first, second] = rejected.map(({ error }) => error as Error & { details: Record<string, unknown> });
  const reason = `field 'Price' is f64, which takes a number; got "cheap"`;
  assert.deepEqual(first.details, { path, line: 3, column: 2, field: 'Price', text: 'screw,cheap', reason });
  assert.match(first.message, /line 3: field 'Price' is f64, which takes a number; got "cheap" \(column 2\)/);
  assert.deepEqual(second.details, { path, line: 4, text: 'nut', reason: 'has 1 field instead of 2' });
  await assert.rejects(drain(readCsv(path, { Name: t.string(), Price: t.f64() }, { header: true })), {
    code: 'BAD_CSV',
    details: { path, line: 3, column: 2, field: 'Price', text: 'screw,cheap', reason },
  });
});

test('a decimal comma leaves no other sign', async () => {
  const of = (text: string) => drain(readCsv(fileOf(text), { x: t.f64() }, { decimal: ',', delimiter: ';' }));
  assert.deepEqual(await of('1,5\n-,25\n3\n1,5e2\n'), [{ x: 1.5 }, { x: -0.25 }, { x: 3 }, { x: 150 }]);
  for (const bad of ['1.5', '1.234,5', '1,2,3']) {
    await assert.rejects(of(`${bad}\n`), /which takes a number whose decimal sign is ','; got/, bad);
  }
});

test('values of empty cells, by field', async () => {
  const all = { n: t.u32(), word: t.string(), day: t.date(), maybe: t.optional(t.f64()) };
  const defaults = { n: 7, word: 'none', day: new Date(0), maybe: -1 };
  const rows = await drain(readCsv(fileOf(',,,\n"","","",""\n1,a,5,2\n ,b,,\n'), all, { defaults }));
  assert.deepEqual(
    rows.map(({ n, word, day, maybe }) => [n, word, day.getTime(), maybe]),
    [
      [7, 'none', 0, -1],
      [7, 'none', 0, -1],
      [1, 'a', 5, 2],
      [7, 'b', 0, -1],
    ],
  );
  assert.notEqual(rows[0].day, rows[1].day);
});

test('how long a malformed quote may run is for the caller to say', async () => {
  const rejected: Rejected[] = [];
  const text = `a,1\n"open,2\n${'b,3\n'.repeat(30)}c,4\n`;
  const two = { word: t.string(), n: t.u32() };
  const rows = await drain(readCsv(fileOf(text), two, { badRecords: 'skip', recordBytesMax: 40 }), { rejected });
  assert.equal(rows.length, 32);
  assert.deepEqual(
    rejected.map(({ record }) => record),
    [{ line: 2, text: '"open,2' }],
  );
});

const TEXT = 'é;1\n"ÿ\n;";2\n€„Œ;3\nx;4\n';
const CP1252: Readonly<Record<string, number>> = { '€': 0x80, '„': 0x84, Œ: 0x8c };
const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();

test('every encoding, with chunks of every length, and from each position on', async () => {
  const wide = `${TEXT}日本😀;5\n`;
  const two = { word: t.string(), n: t.u32() };
  const rowsOf = (words: readonly string[]) => words.map((word, i) => ({ word, n: i + 1 }));
  const usual = ['é', 'ÿ\n;', '€„Œ', 'x'];
  const utf16 = Buffer.from(wide, 'utf16le');
  const cases: [Buffer, ReadCsvOptions, string[]][] = [
    [Buffer.from(wide), {}, [...usual, '日本😀']],
    [Buffer.from(`\ufeff${wide}`), {}, [...usual, '日本😀']],
    [utf16, { encoding: 'utf-16le' }, [...usual, '日本😀']],
    [Buffer.from(`\ufeff${wide}`, 'utf16le'), {}, [...usual, '日本😀']],
    [Buffer.from(`\ufeff${wide}`, 'utf16le'), { encoding: 'utf-16le' }, [...usual, '日本😀']],
    [swapped(utf16), { encoding: 'utf-16be' }, [...usual, '日本😀']],
    [swapped(Buffer.from(`\ufeff${wide}`, 'utf16le')), {}, [...usual, '日本😀']],
    [Buffer.from([...TEXT].map((c) => CP1252[c] ?? c.charCodeAt(0))), { encoding: 'windows-1252' }, usual],
    [Buffer.from('é;1\n"ÿ\n;";2\n\x80\x9f;3\n', 'latin1'), { encoding: 'latin1' }, ['é', 'ÿ\n;', '\x80\x9f']],
  ];
  for (const [bytes, options, words] of cases) {
    for (const packed of [bytes, gzipSync(bytes)]) {
      for (const chunk of [1, 2, 3, 5, 1000]) {
        const source = csvSource(fileOf(packed), two, { delimiter: ';', ...options }, chunk);
        const seen: [CsvPosition, number][] = [[{ byte: 0, lines: 0 }, 0]];
        const rows = await drain(source, { limit: 1, after: (...at) => seen.push(at) });
        assert.deepEqual(rows, rowsOf(words), JSON.stringify([options, chunk]));
        for (const [position, count] of seen) {
          assert.deepEqual(await drain(source, { position }), rows.slice(count));
        }
      }
      const parts = await drainEach(csvSource(fileOf(packed), two, { delimiter: ';', ...options }, 3, 4));
      assert.deepEqual(
        parts.flatMap(({ tuples }) => tuples),
        rowsOf(words),
      );
    }
  }
});

test('half a character of UTF-16, and half of a pair, are U+FFFD', async () => {
  const odd = Buffer.concat([Buffer.from('a\nb\ud800', 'utf16le'), Buffer.from([0x61])]);
  for (const chunk of [1, 2, 3, 1000]) {
    const rows = await drain(csvSource(fileOf(odd), { a: t.string() }, { encoding: 'utf-16le' }, chunk));
    assert.deepEqual(rows, [{ a: 'a' }, { a: 'b\ufffd\ufffd' }]);
  }
});

test('lines that end with a return', async () => {
  const text = 'a;1\r"b\rc";2\r\rd;3';
  const two = { word: t.string(), n: t.u32() };
  for (const chunk of [1, 4, 1000]) {
    for (const ranges of [1, 3, 8]) {
      const source = csvSource(fileOf(text), two, { delimiter: ';', lineEnds: 'cr' }, chunk, ranges);
      const parts = await drainEach(source);
      assert.deepEqual(
        parts.flatMap(({ tuples }) => tuples),
        [
          { word: 'a', n: 1 },
          { word: 'b\nc', n: 2 },
          { word: 'd', n: 3 },
        ],
      );
    }
  }
  await assert.rejects(drain(readCsv(fileOf(text), two, { delimiter: ';' })), /pass \{ lineEnds: 'cr' \}/);
});

test('compression is found out by content, and brotli by name', async () => {
  const rows = [{ n: 1 }, { n: 2 }];
  const read = (bytes: string | Buffer, extension: string, options: ReadCsvOptions = {}) =>
    drain(readCsv(fileOf(bytes, extension), { n: t.u32() }, options));
  assert.deepEqual(await read(gzipSync('1\n2\n'), '.csv'), rows);
  assert.deepEqual(await read(brotliCompressSync('1\n2\n'), '.br'), rows);
  assert.deepEqual(await read(brotliCompressSync('1\n2\n'), '.csv', { compression: 'brotli' }), rows);
  assert.deepEqual(await read('1\n2\n', '.gz', { compression: 'none' }), rows);
  await assert.rejects(read('1\n2\n', '.gz'), { code: 'INPUT_FILE', message: /pass \{ compression: 'none' \}/ });
  await assert.rejects(read('1\n2\n', '.csv', { compression: 'gzip' }), { code: 'INPUT_FILE' });
});

test('dialects that cannot be read without doubt are refused', () => {
  const wrong: ReadCsvOptions[] = [
    { quote: ',' },
    { quote: 'x' },
    { quote: '""' },
    { escape: ',' },
    { escape: '\\', quote: false },
    { comment: '"' },
    { comment: ',' },
    { comment: '//' },
    { comment: '\\', escape: '\\' },
    { decimal: ',' },
    { decimal: ';' as ',' },
    { skipLines: -1 },
    { recordBytesMax: 0 },
    { trim: 'yes' as never },
    { encoding: 'utf-32' as never },
    { lineEnds: '\r' as never },
    { compression: 'zip' as never },
    { header: { y: 'Y' } },
    { header: { a: 'b' } },
    { header: { a: 5 as never } },
    { header: { a: 'A' }, columns: ['a', 'x', 'b'] },
    { defaults: { y: 1 } },
    { defaults: { x: 'none' } },
    { defaults: { a: null } },
  ];
  for (const options of wrong) {
    assert.throws(() => readCsv('f.csv', fields, options), { code: 'BAD_OPTION' }, JSON.stringify(options));
  }
});
