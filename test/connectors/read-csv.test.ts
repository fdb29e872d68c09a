// Goal: readCsv gives the records of RFC 4180 with the values of their types, from any committed position on, wherever chunks
// end; what does not fit the schema is reported with its line's number, or left out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { RECORD_BYTES_MAX } from '../../src/connectors/csv/csv-options.ts';
import { type CsvPosition, type CsvSource, type ReadCsvOptions, readCsv } from '../../src/connectors/csv/read-csv.ts';
import { type Field, type Shape, t } from '../../src/mailbox/schema.ts';
import { contextWith, drain, type Rejected } from '../kit/drive.ts';
import { csvSource } from '../kit/file-sources.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const parse = <Fields extends Shape>(text: string, fields: Fields, options?: ReadCsvOptions) =>
  drain(readCsv(fileOf(text, '.csv'), fields, options));

const three = { a: t.u32(), b: t.f64(), c: t.string() };

test('fields of every type', async () => {
  const fields = {
    u8: t.u8(),
    i32: t.i32(),
    u32: t.u32(),
    f64: t.f64(),
    bool: t.bool(),
    timestamp: t.timestamp(),
    string: t.string(),
    dictionary: t.dictionary(),
    bytes: t.bytes(),
    json: t.json<{ x: number[] }>(),
    i64: t.i64(),
    u64: t.u64(),
    date: t.date(),
    enum: t.enum('open', 'closed'),
    none: t.optional(t.i32()),
    some: t.optional(t.i32()),
  };
  const line =
    '255,-2147483648,4294967295,-1.5e3,true,1700000000000,a b,ü,xyz,"{""x"":[1,2]}",-9223372036854775808,18446744073709551615,2026-01-02,closed,,-7';
  const [tuple, ...more] = await parse(`${line}\n`, fields);
  assert.deepStrictEqual(tuple, {
    u8: 255,
    i32: -2147483648,
    u32: 4294967295,
    f64: -1500,
    bool: true,
    timestamp: 1700000000000,
    string: 'a b',
    dictionary: 'ü',
    bytes: new Uint8Array([120, 121, 122]),
    json: { x: [1, 2] },
    i64: -(2n ** 63n),
    u64: 2n ** 64n - 1n,
    date: new Date(Date.UTC(2026, 0, 2)),
    enum: 'closed',
    none: null,
    some: -7,
  });
  assert.deepEqual(more, []);
  const numbers = { i: t.i32(), x: t.f64() };
  assert.deepStrictEqual(await parse('-0,-0\n', numbers), [{ i: 0, x: -0 }]);
});

test('the type of tuples is inferred', () => {
  const source: CsvSource<{ a: Field<number>; b: Field<string> }> = readCsv('f', { a: t.u32(), b: t.string() });
  assert.deepEqual(Object.keys(source.fields), ['a', 'b']);
});

test('quotes, line ends, blank lines, byte order mark', async () => {
  const rows = async (text: string) => (await parse(text, three)).map(({ a, b, c }) => [a, b, c]);
  assert.deepEqual(await rows(''), []);
  assert.deepEqual(await rows('\n\r\n'), []);
  assert.deepEqual(await rows('1,2,x'), [[1, 2, 'x']]);
  assert.deepEqual(await rows('\ufeff1,2,x\r\n\r\n3,4,\r\n'), [
    [1, 2, 'x'],
    [3, 4, ''],
  ]);
  assert.deepEqual(await rows('"1","2.5","x"\n2, 3 ,"a, ""b""\r\nc"\r\n3,4,""\n4,5,""""\n5,6,a"b\n6,7,"é"'), [
    [1, 2.5, 'x'],
    [2, 3, 'a, "b"\r\nc'],
    [3, 4, ''],
    [4, 5, '"'],
    [5, 6, 'a"b'],
    [6, 7, 'é'],
  ]);
  assert.deepEqual(await parse('a\n\n\r\nb\r\n', { only: t.string() }), [{ only: 'a' }, { only: 'b' }]);
});

test('other delimiters', async () => {
  for (const delimiter of ['\t', ';', '|', ' ']) {
    const text = ['1', '2.5', 'a,b'].join(delimiter);
    assert.deepEqual(await parse(`${text}\n`, three, { delimiter }), [{ a: 1, b: 2.5, c: 'a,b' }]);
  }
});

const anyText = fc.oneof(
  fc.constantFrom('', 'a', '"', '""', ',', '\n', '\r\n', 'é', '日本', '😀', ' '),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.array(fc.constantFrom('"', ',', '\n', '\r', 'x', 'ü'), { maxLength: 6 }).map((parts) => parts.join('')),
);
const record = fc.record(
  {
    flag: fc.boolean(),
    small: fc.nat(255),
    text: anyText,
    signed: fc.oneof(fc.integer(), fc.integer({ min: -10, max: 10 })),
    real: fc.oneof(fc.double(), fc.double({ noDefaultInfinity: true, noNaN: true }), fc.integer(), fc.constant(-0.125)),
    word: anyText,
    unsigned: fc.integer({ min: 0, max: 0xffffffff }),
    big: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -99n, max: 99n })),
    status: fc.constantFrom('open', 'closed', 'ждёт'),
    note: fc.option(
      anyText.filter((text) => text !== ''),
      { nil: null },
    ),
    amount: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { nil: null }),
  },
  { noNullPrototype: true },
);
const recordFields = {
  flag: t.bool(),
  small: t.u8(),
  text: t.string(),
  signed: t.i32(),
  real: t.f64(),
  word: t.dictionary(),
  unsigned: t.u32(),
  big: t.i64(),
  status: t.enum('open', 'closed', 'ждёт'),
  note: t.optional(t.string()),
  amount: t.optional(t.i32()),
};

function quote(text: string, always: boolean): string {
  return always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

test('any records, any chunk size, any limit; reopening at every position gives exactly the rest', async () => {
  const wellFormed = (text: string) => Buffer.from(text).toString() === text;
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 12 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (records, lineEnd, always, lastLineEnd, chunk, limit) => {
        const expected = records.filter(({ text, word, note }) => [text, word, note ?? ''].every(wellFormed));
        const lines = expected.map((row) =>
          Object.values(row)
            .map((value) =>
              typeof value === 'string' ? quote(value, always) : Object.is(value, -0) ? '-0' : String(value ?? ''),
            )
            .join(','),
        );
        const text = lines.join(lineEnd) + (lastLineEnd ? lineEnd : '');
        const source = csvSource(fileOf(text, '.csv'), recordFields, {}, chunk);
        const positions = new Map([[{ byte: 0, lines: 0 }, 0]]);
        const all = await drain(source, {
          limit,
          after: (position, count) => positions.set(position, count),
        });
        assert.deepStrictEqual(all, expected);
        for (const [position, count] of positions) {
          assert.deepStrictEqual(
            await drain(source, { position }),
            expected.slice(count),
            `from byte ${position.byte}`,
          );
          assert.equal(
            position.lines,
            count === expected.length
              ? position.lines
              : Buffer.from(text).subarray(0, position.byte).toString().split('\n').length - 1,
          );
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('decimals are the nearest numbers, as JavaScript reads them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.nat(18)), {
        minLength: 1,
        maxLength: 50,
      }),
      async (parts) => {
        const texts = parts.map(([digits, point]) => {
          const text = String(digits < 0n ? -digits : digits).padStart(point + 1, '0');
          const cut = text.length - point;
          return `${digits < 0n ? '-' : ''}${text.slice(0, cut)}${point === 0 ? '' : '.'}${text.slice(cut)}`;
        });
        const tuples = await parse(texts.join('\n'), { x: t.f64() });
        assert.deepStrictEqual(
          tuples.map(({ x }) => x),
          texts.map(Number),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('timestamps as dates: UTC unless they name a zone', async () => {
  const texts = [
    '2024-02-29',
    '2024-02-29T12:30:00Z',
    '2024-02-29 12:30',
    '2024-02-29T12:30:00.250+02:00',
    '-5',
    '1.5',
  ];
  const times = (await parse(texts.join('\n'), { time: t.timestamp() })).map(({ time }) => time);
  const noon = Date.UTC(2024, 1, 29, 12, 30);
  assert.deepEqual(times, [Date.UTC(2024, 1, 29), noon, noon, noon - 7_200_000 + 250, -5, 1.5]);
});

test('an empty cell is null of an optional field, quoted or not, and nothing else is', async () => {
  const fields = { n: t.optional(t.u32()), word: t.optional(t.string()), at: t.optional(t.date()) };
  const rows = await parse('1,a,2026-01-01\n,,\n"","",""\r\n 2 , ,\r\n  ,"""",5\n', fields);
  assert.deepStrictEqual(
    rows.map(({ n, word, at }) => [n, word, at === null ? null : at.getTime()]),
    [
      [1, 'a', Date.UTC(2026, 0, 1)],
      [null, null, null],
      [null, null, null],
      [2, ' ', null],
      [null, '"', 5],
    ],
  );
  const bad: [Field<unknown>, string, RegExp][] = [
    [t.optional(t.u8()), '256', /is optional\(u8\), which takes nothing, or an integer from 0 to 255; got "256"/],
    [t.optional(t.u8()), 'null', /got "null"/],
    [t.enum('a', 'b'), 'c', /which takes one of 'a', 'b'; got "c"/],
    [t.i64(), '9223372036854775808', /an integer from -9223372036854775808 to 9223372036854775807/],
    [t.u64(), '-1', /an integer from 0 to/],
    [t.u64(), '1.0', /an integer from 0 to/],
    [t.u64(), '', /an integer from 0 to/],
    [t.date(), '0.5', /milliseconds since the epoch or an ISO 8601 date/],
    [t.date(), '8640000000000001', /milliseconds since the epoch/],
  ];
  for (const [field, text, message] of bad) {
    await assert.rejects(parse(`${text},x\n`, { a: field, b: t.string() }), message);
  }
});

test('what does not fit the schema, with its line', async () => {
  const bad: [string, Shape, RegExp][] = [
    ['256', { a: t.u8() }, /'a' is u8, which takes an integer from 0 to 255; got "256"/],
    ['-1', { a: t.u8() }, /u8/],
    ['4294967296', { a: t.u32() }, /u32/],
    ['99999999999999999999', { a: t.u32() }, /u32/],
    ['2147483648', { a: t.i32() }, /i32/],
    ['-2147483649', { a: t.i32() }, /i32/],
    ['1.0', { a: t.i32() }, /i32/],
    ['x', { a: t.f64() }, /f64/],
    ['1x', { a: t.f64() }, /f64/],
    ['.', { a: t.f64() }, /f64/],
    ['constructor', { a: t.f64() }, /f64/],
    ['""', { a: t.f64() }, /got ""/],
    ['NaN', { a: t.timestamp() }, /timestamp/],
    ['2024-13-01', { a: t.timestamp() }, /timestamp/],
    ['yes', { a: t.bool() }, /true, false, 1 or 0/],
    ['truex', { a: t.bool() }, /bool/],
    ['{', { a: t.json() }, /JSON/],
    ['1,2', { a: t.u32() }, /has 2 fields instead of 1/],
    ['1', { a: t.u32(), b: t.u32() }, /has 1 field instead of 2/],
    ['1,', { a: t.u32() }, /has 2 fields/],
    ['a,b', { a: t.string() }, /has 2 fields/],
    ['"a"b', { a: t.string() }, /field 1 has text behind its closing quote/],
    ['"ab', { a: t.string() }, /no closing quote/],
  ];
  for (const [line, fields, message] of bad) {
    const good = Object.keys(fields)
      .map(() => '0')
      .join(',');
    for (const lineEnd of ['\n', '\r\n']) {
      const text = `${good}${lineEnd}${lineEnd}${good}${lineEnd}${line}${lineEnd}${good}${lineEnd}`;
      await assert.rejects(parse(text, fields), (error: { code: string; message: string; details: unknown }) => {
        assert.equal(error.code, 'BAD_CSV');
        assert.match(error.message, message, line);
        assert.match(error.message, /line 4:/, line);
        assert.equal((error.details as { line: number }).line, 4);
        return true;
      });
      const rejected: Rejected[] = [];
      const left = await drain(readCsv(fileOf(text), fields, { badRecords: 'skip' }), { rejected });
      assert.equal(left.length, 3, line);
      assert.equal(rejected.length, 1);
      const [{ record, error, position }] = rejected;
      assert.deepEqual(record, { line: 4, text: line });
      assert.match(error.message, message);
      assert.equal(position, text.indexOf(line, 2 * (good.length + lineEnd.length)), line);
    }
  }
});

test('line numbers count the lines within quotes, and go on after reopening', async () => {
  const path = fileOf('1,"a\nb"\n2,"c\n\nd"\n3,x\n\nbad,y\n');
  const source = csvSource(path, { n: t.u32(), text: t.string() }, {}, 4);
  const seen: CsvPosition[] = [];
  await assert.rejects(drain(source, { limit: 1, after: (position) => seen.push(position) }), /line 8:/);
  assert.ok(seen.length >= 3);
  for (const position of seen) await assert.rejects(drain(source, { position }), /line 8:/);
});

test('bad lines are left out one by one, wherever chunks end', async () => {
  const text = 'bad\n1,x\n"open,\n2,y\n3,"z"z\n4,w,\n5,"v\n\n6,"\n7,u';
  for (let chunk = 1; chunk <= 40; chunk++) {
    const source = csvSource(fileOf(text), { n: t.u32(), text: t.string() }, { badRecords: 'skip' }, chunk);
    const rejected: Rejected[] = [];
    const seen = [{ position: { byte: 0, lines: 0 }, count: 0, bad: 0 }];
    const all = await drain(source, {
      limit: 1,
      rejected,
      after: (position, count) => seen.push({ position, count, bad: rejected.length }),
    });
    // The quote of line 3 is closed in line 5, and what stands behind it ends with that line.
    assert.deepEqual(
      all.map(({ n }) => n),
      [1, 5, 7],
    );
    assert.equal(all[1].text, 'v\n\n6,');
    assert.deepEqual(
      rejected.map(({ record }) => record),
      [
        { line: 1, text: 'bad' },
        { line: 3, text: '"open,\n2,y\n3,"z"z' },
        { line: 6, text: '4,w,' },
      ],
    );
    for (const { position, count, bad } of seen) {
      const again: Rejected[] = [];
      assert.deepEqual(await drain(source, { position, rejected: again }), all.slice(count));
      assert.deepEqual(again, rejected.slice(bad));
    }
  }
});

test('a quote that is never closed costs its line only, also in a long file', async () => {
  const rows = Math.ceil(RECORD_BYTES_MAX / 8) + 1000;
  const path = fileOf(`1,a\n2,"b\n${'3,ccccc\n'.repeat(rows)}4,d\n`);
  const fields = { n: t.u8(), text: t.string() };
  await assert.rejects(drain(readCsv(path, fields)), /line 2: a quoted field has no closing quote/);
  const rejected: Rejected[] = [];
  const all = await drain(readCsv(path, fields, { badRecords: 'skip' }), { rejected });
  assert.equal(all.length, rows + 2);
  assert.deepEqual(
    rejected.map(({ record }) => record),
    [{ line: 2, text: '2,"b' }],
  );
  assert.deepEqual(all.at(-1), { n: 4, text: 'd' });
});

test('a header maps columns by name', async () => {
  const text = '\ufeffname,"the ""x""",id,value\r\nann,9,1,2.5\r\nbob,8,2,3.5\r\n';
  const fields = { id: t.u32(), name: t.string() };
  const expected = [
    { id: 1, name: 'ann' },
    { id: 2, name: 'bob' },
  ];
  for (const chunk of [1, 7, 1000]) {
    const source = csvSource(fileOf(text), fields, { header: true }, chunk);
    const seen: [CsvPosition, number][] = [[{ byte: 0, lines: 0 }, 0]];
    const all = await drain(source, { limit: 1, after: (...at) => seen.push(at) });
    assert.deepEqual(all, expected);
    for (const [position, count] of seen) {
      assert.deepEqual(await drain(source, { position }), expected.slice(count));
    }
  }
  assert.deepEqual(await drain(readCsv(fileOf(gzipSync(text), '.csv.gz'), fields, { header: true })), expected);
  await assert.rejects(parse('id,name\n1,ann\nx,bob\n', fields, { header: true }), /line 3:/);
  assert.deepEqual(await parse('id,name', fields, { header: true }), []);
});

test('a header that does not fit the schema', async () => {
  const fields = { id: t.u32(), name: t.string() };
  const opened = (text: string) =>
    Promise.resolve(
      readCsv(fileOf(text), fields, { header: true }).open(contextWith({ position: { byte: 0, lines: 0 } })),
    );
  await assert.rejects(opened('id,Name\n1,a\n'), { code: 'BAD_CSV', message: /lacks the column 'name'.*"id", "Name"/ });
  await assert.rejects(opened('id,name,id\n1,a,2\n'), { code: 'BAD_CSV', message: /'id' more than once/ });
  await assert.rejects(opened(''), { code: 'BAD_CSV', message: /empty/ });
  await assert.rejects(opened('id,"name\n'), { code: 'BAD_CSV', message: /no closing quote/ });
});

test('columns of a file without a header by name', async () => {
  const fields = { c: t.u32(), a: t.string() };
  assert.deepEqual(await parse('x,"y\nz",3\n', fields, { columns: ['a', 'b', 'c'] }), [{ c: 3, a: 'x' }]);
});

test('gzip, reopened', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({ i, x: i / 8, name: `n${i}` }));
  const text = rows.map(({ i, x, name }) => `${i},${x},${name}\n`).join('');
  const source = csvSource(fileOf(gzipSync(text), '.gz'), { i: t.u32(), x: t.f64(), name: t.string() }, {}, 1000);
  const seen: [CsvPosition, number][] = [];
  assert.deepEqual(await drain(source, { limit: 400, after: (...at) => seen.push(at) }), rows);
  for (const [position, count] of seen) assert.deepEqual(await drain(source, { position }), rows.slice(count));
});

test('a missing file is found by open()', async () => {
  const context = contextWith({ position: { byte: 0, lines: 0 } });
  for (const header of [false, true]) {
    const opened = Promise.resolve(readCsv(newPath('.csv'), three, { header }).open(context));
    await assert.rejects(opened, { code: 'INPUT_FILE' });
  }
});

test('options are checked when the flow is declared', () => {
  const wrong: unknown[] = [
    { header: 'yes' },
    { delimiter: '' },
    { delimiter: '::' },
    { delimiter: '"' },
    { delimiter: '5' },
    { delimiter: 'é' },
    { badRecords: 'ignore' },
    { columns: ['a', 'b'] },
    { columns: ['a', 'b', 'c', 'a'] },
    { columns: 'abc' },
    { columns: ['a', 'b', 'c'], header: true },
    { compression: 'yes' },
    { seperator: ',' },
    null,
  ];
  for (const options of wrong) {
    assert.throws(
      () => readCsv('f.csv', three, options as ReadCsvOptions),
      { code: 'BAD_OPTION' },
      JSON.stringify(options),
    );
  }
  assert.throws(() => readCsv('f.csv', {}), { code: 'BAD_SCHEMA' });
  // @ts-expect-error
  assert.throws(() => readCsv(undefined, three), { code: 'BAD_OPTION' });
});

test('dates that are not in the calendar are refused; what an empty cell may be is said', async () => {
  for (const type of [t.date(), t.timestamp()]) {
    for (const good of ['2020-02-29', '2021-12-31T23:59', '0001-01-01', '1.5e3'])
      await parse(`${good}\n`, { at: type });
    for (const bad of ['2020-02-30', '2021-02-29T00:00Z', '2020-04-31 12:00', '2020-13-01', '2020-00-10'])
      await assert.rejects(parse(`${bad}\n`, { at: type }), { code: 'BAD_CSV', message: /ISO 8601/ }, bad);
  }
  await assert.rejects(parse('1,\n', { a: t.u32(), b: t.f64() }), {
    message: /field 'b' is f64.* got ""; for empty cells pass \{ defaults: \{ "b": … \} \}, or make .* t\.optional\(\)/,
  });
});
