// Goal: the file of writeLines holds exactly the committed lines, whatever was written, rolled back or lost between commits.

import assert from 'node:assert/strict';
import { readFileSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeLines } from '../../src/connectors/lines/write-lines.ts';
import { fileOf, folder, newPath } from '../kit/temporary-files.ts';

const lineOf = ({ line }: { line: string }) => line;
const textOf = (path: string) => readFileSync(path, 'utf8');

test('lines reach the file at flush()', () => {
  const path = fileOf('what was there before');
  const writer = writeLines(path, lineOf).open({ operator: 'out', position: 0 });
  assert.equal(textOf(path), '');
  writer.write({ line: 'a' });
  writer.write({ line: 'é😀' });
  assert.equal(textOf(path), '');
  assert.equal(writer.flush(), 9);
  assert.equal(textOf(path), 'a\né😀\n');
  assert.equal(writer.flush(), 9);
  writer.close();
});

test('any sequence of writes, flushes, commits, rollbacks and crashes leaves the committed lines', () => {
  const action = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }).map((line) => ({ kind: 'write' as const, line })),
    fc
      .constantFrom('flush' as const, 'commit' as const, 'rollback' as const, 'crash' as const)
      .map((kind) => ({ kind, line: '' })),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const path = newPath();
      const sink = writeLines(path, lineOf);
      let writer = sink.open({ operator: 'out', position: 0 });
      let position = 0;
      let committed = '';
      let pending = '';
      for (const { kind, line } of actions) {
        if (kind === 'write') {
          writer.write({ line });
          pending += `${line}\n`;
        } else if (kind === 'flush') {
          writer.flush();
        } else if (kind === 'commit') {
          position = writer.flush();
          committed += pending;
          pending = '';
        } else {
          pending = '';
          if (kind === 'rollback') writer.rollback(position);
          else writer = sink.open({ operator: 'out', position });
          assert.equal(textOf(path), committed);
        }
      }
      writer.rollback(position);
      writer.close();
      assert.equal(textOf(path), committed);
      assert.equal(position, Buffer.byteLength(committed));
    }),
    { numRuns: 100 },
  );
});

test('more text than is buffered', () => {
  const path = newPath();
  const writer = writeLines(path, lineOf).open({ operator: 'out', position: 0 });
  const line = 'x'.repeat(100_000);
  for (let i = 0; i < 30; i++) writer.write({ line });
  assert.ok(textOf(path).length > 1_000_000);
  writer.rollback(0);
  assert.equal(textOf(path), '');
  for (let i = 0; i < 30; i++) writer.write({ line });
  assert.equal(writer.flush(), 30 * 100_001);
  assert.equal(textOf(path), `${line}\n`.repeat(30));
  writer.close();
});

test('a failure of the file names the sink', () => {
  const failed = { code: 'SINK_FAILED', message: /'out'/ };
  assert.throws(() => writeLines(folder, lineOf).open({ operator: 'out', position: 0 }), failed);
  assert.throws(() => writeLines(`${folder}/missing/file`, lineOf).open({ operator: 'out', position: 0 }), failed);
  // A file that should hold committed lines is not made anew, and not filled up with zeros.
  assert.throws(() => writeLines(newPath(), lineOf).open({ operator: 'out', position: 5 }), failed);
  const path = fileOf('abcd\nefgh\n');
  const writer = writeLines(path, lineOf).open({ operator: 'out', position: 10 });
  truncateSync(path, 3);
  assert.throws(() => writer.rollback(5), failed);
  writer.close();
  assert.throws(() => writeLines(path, lineOf).open({ operator: 'out', position: 5 }), failed);
  assert.equal(textOf(path), 'abc');
});

test('a failure of toLine is the failure of its tuple, and leaves the others', () => {
  const path = newPath();
  const toLine = ({ n }: { n: number }): string => {
    if (n === 2) throw new RangeError('two');
    return n === 3 ? (3 as unknown as string) : String(n);
  };
  const writer = writeLines(path, toLine).open({ operator: 'out', position: 0 });
  writer.write({ n: 1 });
  assert.throws(() => writer.write({ n: 2 }), /two/);
  assert.throws(() => writer.write({ n: 3 }), { code: 'BAD_VALUE' });
  writer.write({ n: 4 });
  writer.flush();
  writer.close();
  assert.equal(textOf(path), '1\n4\n');
});

test('options are checked when the flow is declared', () => {
  assert.throws(() => writeLines('', lineOf), { code: 'BAD_OPTION' });
  // @ts-expect-error
  assert.throws(() => writeLines('out.txt'), { code: 'BAD_OPTION' });
});
