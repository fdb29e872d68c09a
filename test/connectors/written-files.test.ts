// Goal: what writeCsv and writeJson write, readCsv and readJson read as the same tuples; the file holds exactly the committed tuples,
// compressed or not, whatever was written, rolled back or lost between commits; bad lines of JSON are told with their trace.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { z } from 'zod';
import type { CsvPosition } from '../../src/connectors/csv/csv-settings.ts';
import type { SinkDefinition } from '../../src/flow/sink.ts';
import { type Shape, type TupleOf, t } from '../../src/mailbox/schema.ts';
import { writeCsv, writeJson, writeLines } from '../../src/sinks.ts';
import { readCsv, readJson } from '../../src/sources.ts';
import { drain, type Rejected } from '../kit/drive.ts';
import { jsonSource } from '../kit/file-sources.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const fields = {
  text: t.string(),
  maybe: t.optional(t.i32()),
  real: t.f64(),
  big: t.i64(),
  flag: t.bool(),
  day: t.date(),
  kind: t.enum('open', 'closed'),
  bytes: t.bytes(),
  data: t.json<unknown>(),
};
type Tuple = TupleOf<typeof fields>;

const isWellFormed = (text: string): boolean => Buffer.from(text).toString() === text;
const anyText = fc.oneof(
  fc.constantFrom('', '"', ',', '\n', '\r\n', 'é', '日本', '😀', '\u2028'),
  fc.string({ unit: 'binary', maxLength: 8 }).filter(isWellFormed),
);
const tuple: fc.Arbitrary<Tuple> = fc.record(
  {
    text: anyText,
    maybe: fc.option(fc.integer(), { nil: null }),
    real: fc.oneof(fc.double(), fc.constant(-0)),
    big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    flag: fc.boolean(),
    day: fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
    kind: fc.constantFrom('open' as const, 'closed' as const),
    bytes: fc.string({ maxLength: 5 }).map((text) => new Uint8Array(Buffer.from(text))),
    data: fc.oneof(
      fc.constant(null),
      fc.array(fc.integer(), { maxLength: 3 }),
      fc.record({ a: fc.string() }, { noNullPrototype: true }),
    ),
  },
  { noNullPrototype: true },
);

function write<Written>(sink: SinkDefinition<Written>, tuples: readonly Written[]): void {
  const writer = sink.open({ operator: 'out', position: 0 });
  for (const each of tuples) writer.write(each);
  writer.flush();
  writer.close();
}

test('JSON that was written is read as the same tuples, with chunks of every length, and from each line on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tuple, { maxLength: 6 }), fc.integer({ min: 1, max: 50 }), async (tuples, chunk) => {
      const path = newPath('.ndjson');
      write(writeJson<Tuple>(path), tuples);
      const source = jsonSource(path, fields, {}, chunk);
      const seen: [CsvPosition, number][] = [[{ byte: 0, lines: 0 }, 0]];
      const all = await drain(source, { limit: 1, after: (...at) => seen.push(at) });
      assert.deepStrictEqual(all, tuples);
      for (const [position, count] of seen) {
        assert.deepStrictEqual(await drain(source, { position }), tuples.slice(count));
        assert.equal(position.lines, count);
      }
    }),
    { numRuns: shortOrLong(60, 300) },
  );
});

test('CSV that was written is read as the same tuples', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(tuple, { maxLength: 6 }), fc.constantFrom(',', ';', '\t'), async (tuples, delimiter) => {
      // An empty cell of JSON is no value there.
      const path = newPath('.csv');
      const written = tuples.map(({ data, ...others }) => ({ ...others, data: data ?? [] }));
      write(writeCsv<Tuple>(path, { delimiter }), written);
      const all = await drain(readCsv(path, fields, { delimiter, header: written.length > 0 }));
      assert.deepStrictEqual(all, written);
    }),
    { numRuns: shortOrLong(60, 300) },
  );
});

test('columns of CSV, with and without a header', () => {
  const text = (options: object, tuples: readonly object[]): string => {
    const path = newPath('.csv');
    write(writeCsv(path, options), tuples);
    return readFileSync(path, 'utf8');
  };
  const rows = [
    { a: 'x', b: null, c: 1 },
    { a: '', b: 'y;"z"', c: -0 },
  ];
  assert.equal(text({}, rows), 'a,b,c\nx,,1\n,"y;""z""",-0\n');
  assert.equal(text({ delimiter: ';', columns: ['c', 'b'] }, rows), 'c;b\n1;\n-0;"y;""z"""\n');
  assert.equal(text({ header: false, columns: ['a'] }, rows), 'x\n""\n');
  assert.equal(text({}, []), '');
  assert.throws(() => text({ columns: ['d'] }, rows), { code: 'BAD_VALUE', message: /'d'/ });
});

const { text, real } = fields;
const small = { text, real };
type Small = TupleOf<typeof small>;
const read = async <Fields extends Shape>(path: string, shape: Fields, isEmpty: boolean): Promise<TupleOf<Fields>[]> =>
  path.includes('.csv') ? drain(readCsv(path, shape, { header: !isEmpty })) : drain(readJson(path, shape));

test('any sequence of writes, flushes, commits, rollbacks and crashes leaves the committed tuples, compressed as well', async () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), text: anyText }),
    fc.record({
      kind: fc.constantFrom('flush' as const, 'commit' as const, 'rollback' as const, 'crash' as const),
      text: fc.constant(''),
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 40 }),
      fc.constantFrom('.csv', '.csv.gz', '.ndjson', '.ndjson.gz'),
      async (actions, extension) => {
        const path = newPath(extension);
        const sink = extension.startsWith('.csv') ? writeCsv<Small>(path) : writeJson<Small>(path);
        let writer = sink.open({ operator: 'out', position: 0 });
        let position = 0;
        const committed: Small[] = [];
        let pending: Small[] = [];
        for (const { kind, text } of actions) {
          const next = { text, real: committed.length + pending.length };
          if (kind === 'write') {
            writer.write(next);
            pending.push(next);
          } else if (kind === 'flush') writer.flush();
          else if (kind === 'commit') {
            position = writer.flush();
            committed.push(...pending.splice(0));
          } else {
            pending = [];
            if (kind === 'rollback') writer.rollback(position);
            else {
              writer.close();
              writer = sink.open({ operator: 'out', position });
            }
            assert.equal(statSync(path).size, position);
          }
        }
        writer.rollback(position);
        writer.close();
        assert.deepStrictEqual(await read(path, small, committed.length === 0), committed);
      },
    ),
    { numRuns: shortOrLong(80, 400) },
  );
});

test('compression by name and by option', () => {
  const named = newPath('.gz');
  write(
    writeLines<string>(named, (line) => line),
    ['a', 'b'],
  );
  assert.equal(gunzipSync(readFileSync(named)).toString(), 'a\nb\n');
  const plain = newPath('.gz');
  write(
    writeLines<string>(plain, (line) => line, { compression: 'none' }),
    ['a'],
  );
  assert.equal(readFileSync(plain, 'utf8'), 'a\n');
  const chosen = newPath('.json');
  write(writeJson(chosen, { compression: 'gzip' }), [{ a: 1 }]);
  assert.equal(gunzipSync(readFileSync(chosen)).toString(), '{"a":1}\n');
  const empty = newPath('.gz');
  write(
    writeLines<string>(empty, (line) => line),
    [],
  );
  assert.equal(gunzipSync(readFileSync(empty)).toString(), '');
  assert.throws(() => writeJson('x.json.br'), { code: 'BAD_OPTION', message: /brotli/ });
  assert.throws(() => writeJson('x', { compression: 'brotli' as never }), { code: 'BAD_OPTION' });
});

test('bad lines of JSON, with their trace', async () => {
  const cases: [string, string | undefined, RegExp][] = [
    ['{"n":1', undefined, /is no JSON: /],
    ['[1]', undefined, /is no object/],
    ['null', undefined, /is no object/],
    ['{"n":256,"word":"a"}', 'n', /field 'n' is u8, which takes an integer from 0 to 255; got 256/],
    ['{"n":"1","word":"a"}', 'n', /got "1"/],
    ['{"n":1}', 'word', /field 'word' is string, which takes a string; got undefined/],
    ['{"__proto__":{"word":"a"},"n":1}', 'word', /got undefined/],
  ];
  const good = '{"n":1,"word":"a","more":[1,2]}';
  for (const [line, field, message] of cases) {
    const path = fileOf(`${good}\r\n\n  \n${line}\n${good}`, '.json');
    const shape = { n: t.u8(), word: t.string() };
    for (const chunk of [1, 1000]) {
      const rejected: Rejected[] = [];
      const all = await drain(jsonSource(path, shape, { badRecords: 'skip' }, chunk), { rejected });
      assert.deepEqual(all, [
        { n: 1, word: 'a' },
        { n: 1, word: 'a' },
      ]);
      assert.equal(rejected.length, 1);
      const [{ record, error, position }] = rejected;
      assert.deepEqual(record, { line: 4, text: line });
      assert.match(error.message, message);
      const { details } = error as Error & { details: Record<string, unknown> };
      assert.deepEqual([details.path, details.line, details.field, details.text], [path, 4, field, line]);
      assert.equal(position, good.length + 6);
    }
    await assert.rejects(drain(readJson(path, shape)), { code: 'BAD_JSON', message: /line 4: .*badRecords: 'skip'/ });
  }
});

test('JSON of other encodings, behind a byte order mark, compressed; lines that are too long', async () => {
  const line = '{"word":"日本😀é"}\n';
  const shape = { word: t.string() };
  for (const bytes of [Buffer.from(`\ufeff${line}`), Buffer.from(`\ufeff${line}`, 'utf16le')]) {
    for (const chunk of [1, 3, 1000]) {
      assert.deepEqual(await drain(jsonSource(fileOf(bytes), shape, {}, chunk)), [{ word: '日本😀é' }]);
    }
  }
  const long = fileOf(`${line}{"word":"${'x'.repeat(100)}"}\n`);
  for (const chunk of [1, 1000]) {
    const source = jsonSource(long, shape, { recordBytesMax: 100 }, chunk);
    await assert.rejects(drain(source), { code: 'BAD_JSON', message: /line 2: the record is longer than 100 bytes/ });
  }
});

test('dates, times and long numbers of JSON may be text; what is missing is null of an optional field', async () => {
  const shape = { at: t.timestamp(), day: t.date(), big: t.u64(), note: t.optional(t.string()) };
  const text =
    '{"at":"1970-01-01T00:00:01Z","day":5,"big":"18446744073709551615"}\n{"at":7,"day":"1970-01-02","big":3,"note":""}';
  assert.deepStrictEqual(await drain(readJson(fileOf(text), shape)), [
    { at: 1000, day: new Date(5), big: 2n ** 64n - 1n, note: null },
    { at: 7, day: new Date(86_400_000), big: 3n, note: '' },
  ]);
  for (const big of ['9007199254740993', '1.5', '-1', '"x"']) {
    const bad = fileOf(`{"at":1,"day":1,"big":${big}}`);
    await assert.rejects(drain(readJson(bad, shape)), { code: 'BAD_JSON', message: /'big' is u64/ });
  }
});

test('standard input and output', () => {
  const app = fileURLToPath(new URL('../kit/apps/standard-streams.js', import.meta.url));
  const input = Array.from({ length: 3000 }, (_, n) => `${n},"w ${n}"\n`).join('');
  const { stdout, stderr, status } = spawnSync(process.execPath, [app], {
    input: `n,word\n${input}`,
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  const lines = stdout.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    Array.from({ length: 3000 }, (_, n) => ({ n, word: `w ${n}` })),
  );
});

test('a JSON line that the schema of a field refuses is told with its file and line', async () => {
  const order = z.object({ price: z.number().positive() }).transform(({ price }) => ({ price: price * 2 }));
  const shape = { order: t.json(order) };
  const line = '{"order":{"price":-1}}';
  const path = fileOf(`{"order":{"price":1}}\n${line}\n`, '.json');
  const message = /line 2: field 'order' is json, which takes what its zod schema takes \(at price: /;
  await assert.rejects(drain(readJson(path, shape)), { code: 'BAD_JSON', message });
  const rejected: Rejected[] = [];
  // What the schema makes of a value is made once, where the tuple is packed.
  assert.deepEqual(await drain(readJson(path, shape, { badRecords: 'skip' }), { rejected }), [{ order: { price: 1 } }]);
  assert.deepEqual(
    rejected.map(({ record }) => record),
    [{ line: 2, text: line }],
  );
  const csv = fileOf('"{""price"":1}"\n', '.csv');
  assert.deepEqual(await drain(readCsv(csv, shape)), [{ order: { price: 1 } }]);
  const array = fileOf('[\n{"n":1}\n]\n', '.json');
  await assert.rejects(drain(readJson(array, { n: t.u8() })), { code: 'BAD_JSON', message: /a line is one object/ });
});

test('bytes that are not UTF-8 are refused by writeCsv: readCsv would read others', () => {
  const path = newPath('.csv');
  const tuples = [{ bytes: Uint8Array.of(255, 0, 1, 128) }];
  assert.throws(() => write(writeCsv(path), tuples), {
    code: 'BAD_VALUE',
    message: /'bytes'.*UTF-8.*writeJson/,
  });
});
