// Goal: readLines gives exactly the lines of a file, from any committed position on, wherever chunks end.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readLines } from '../../src/connectors/lines/read-lines.ts';
import { contextWith, drain } from '../kit/drive.ts';
import { lineSource } from '../kit/file-sources.ts';
import { fileOf, folder } from '../kit/temporary-files.ts';

/** The lines by definition. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

const lines = (tuples: { line: string }[]) => tuples.map(({ line }) => line);

test('the lines of small files', async () => {
  const cases: [string, string[]][] = [
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\r\n\r\nb', ['a', '', 'b']],
    ['\r\n', ['']],
    ['a\rb\n', ['a\rb']],
    ['a\r', ['a']],
    ['é\n日本語\n😀', ['é', '日本語', '😀']],
    ['\ufeffa\nb\n', ['a', 'b']],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(lines(await drain(readLines(fileOf(text)))), expected, JSON.stringify(text));
    assert.deepEqual(
      lines(await drain(readLines(fileOf(gzipSync(text), '.gz')))),
      expected,
      `gzip of ${JSON.stringify(text)}`,
    );
  }
});

test('tuples are plain objects', async () => {
  const [tuple] = await drain(readLines(fileOf('a\n')));
  assert.equal(Object.getPrototypeOf(tuple), Object.prototype);
  assert.deepStrictEqual(tuple, { line: 'a' });
});

const piece = fc.oneof(
  fc.constantFrom('\n', 'é\n', '日\n', '\r\n', '\r', '😀', 'a', ''),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const content = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('').replace(/^\ufeff/, ''));

test('any text, any chunk size, any limit; reopening at every position gives exactly the rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      content,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 5 }),
      async (text, chunk, limit) => {
        const bytes = Buffer.from(text);
        const expected = linesOf(bytes.toString());
        const source = lineSource(fileOf(bytes), {}, chunk);
        const positions = new Map([[0, 0]]);
        const all = lines(await drain(source, { limit, after: (position, count) => positions.set(position, count) }));
        assert.deepEqual(all, expected);
        for (const [position, count] of positions) {
          assert.deepEqual(lines(await drain(source, { position })), expected.slice(count), `from byte ${position}`);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('positions are byte offsets of line starts, also in text that is not valid UTF-8', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .array(fc.constantFrom('é', '日', 'a', '\n', '\r\n', '\xff', '\xe6\x97', '\xc3'), { maxLength: 40 })
        .map((parts) =>
          // Two bytes of three, lone lead bytes and 0xff are not UTF-8.
          Buffer.concat(parts.map((part) => Buffer.from(part, /[\xc3\xe6\xff]/.test(part) ? 'latin1' : 'utf8'))),
        ),
      fc.integer({ min: 1, max: 40 }),
      async (bytes, chunk) => {
        const starts: number[] = [];
        await drain(lineSource(fileOf(bytes), {}, chunk), { limit: 1, after: (position) => starts.push(position) });
        const expected = [...bytes.keys()].filter((i) => bytes[i] === 10).map((i) => i + 1);
        if (bytes.length > 0 && bytes.at(-1) !== 10) expected.push(bytes.length);
        assert.deepEqual(
          [...new Set(starts)].filter((start) => start > 0),
          expected,
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('gzip: small chunks, members, and reopening', async () => {
  const text = Array.from({ length: 500 }, (_, i) => `line ${i} é${'x'.repeat(i % 50)}`).join('\n');
  const half = text.length >> 1;
  const path = fileOf(Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]), '.log');
  const source = lineSource(path, {}, 1000);
  const positions = new Map<number, number>();
  const all = lines(await drain(source, { limit: 60, after: (position, count) => positions.set(position, count) }));
  assert.deepEqual(all, text.split('\n'));
  assert.ok(positions.size >= 9);
  for (const [position, count] of positions) {
    assert.deepEqual(lines(await drain(source, { position })), all.slice(count));
  }
});

test('a line that is longer than many chunks', async () => {
  const long = 'x'.repeat(3_000_000);
  const source = lineSource(fileOf(`a\n${long}\nb\n${long}é`), {}, 5000);
  const positions: number[] = [];
  const all = await drain(source, { limit: 1, after: (position) => positions.push(position) });
  assert.deepEqual(lines(all), ['a', long, 'b', `${long}é`]);
  assert.deepEqual([...new Set(positions)], [0, 2, 3_000_003, 3_000_005, 6_000_007].slice(positions[0] === 0 ? 0 : 1));
  assert.deepEqual(lines(await drain(source, { position: 3_000_003 })), ['b', `${long}é`]);
});

test('a larger file in chunks of the usual size', async () => {
  const text = Array.from({ length: 200_000 }, (_, i) => `${i} some words ${i % 7 === 0 ? 'ü' : ''}`).join('\r\n');
  assert.deepEqual(lines(await drain(readLines(fileOf(text)))), text.split('\r\n'));
});

test('files that cannot be read are found by open()', async () => {
  const missing = join(folder, 'missing.txt');
  const notGzip = fileOf('plain text', '.gz');
  const cut = fileOf(gzipSync('some text').subarray(0, 15), '.gz');
  for (const path of [missing, `${missing}.gz`, folder, notGzip, cut]) {
    const opened = Promise.resolve(readLines(path).open(contextWith({ fail: assert.ifError })));
    await assert.rejects(opened, (error: { code?: string; message: string }) => {
      assert.equal(error.code, 'INPUT_FILE');
      assert.ok(error.message.includes(path), error.message);
      return true;
    });
  }
});

test('a gzip file that breaks off later fails the job', async () => {
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) ^ (i >> 3)));
  const path = fileOf(gzipSync(noise).subarray(0, -1000), '.gz');
  await assert.rejects(drain(lineSource(path, {}, 1000)), { code: 'INPUT_FILE' });
});

test('a file that has become shorter than the committed position', async () => {
  for (const path of [fileOf('short\n'), fileOf(gzipSync('short\n'), '.gz')]) {
    await assert.rejects(drain(readLines(path), { position: 100 }), {
      code: 'INPUT_FILE',
      message: /has changed since/,
    });
  }
});

test('options are checked when the flow is declared', () => {
  // @ts-expect-error
  assert.throws(() => readLines(undefined), { code: 'BAD_OPTION' });
  assert.throws(() => readLines(''), { code: 'BAD_OPTION' });
  // @ts-expect-error
  assert.throws(() => readLines('a', { compression: 1 }), { code: 'BAD_OPTION' });
  // @ts-expect-error
  assert.throws(() => readLines('a', { zip: true }), { code: 'BAD_OPTION', message: /'compression'/ });
});
