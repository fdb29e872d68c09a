// Goal: zstd is read and written where Node.js has it, and refused elsewhere by an error that says from which version on it has.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { readLines } from '../../src/connectors/lines/read-lines.ts';
import { writeLines } from '../../src/connectors/lines/write-lines.ts';
import { drain } from '../kit/drive.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const VERSIONS = /Node\.js 22\.15 or 23\.8/;
const hasZstd = 'zstdCompressSync' in zlib;

/** A frame with one block that is not compressed (RFC 8878), of up to 255 bytes. */
const frameOf = (text: string): Buffer => {
  const content = Buffer.from(text);
  const block = 1 | (content.length << 3);
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length, block & 255, block >> 8, 0]),
    content,
  ]);
};

const skipWithout = hasZstd ? false : `${process.version} has no zstd; it comes with 22.15 and 23.8`;
const skipWith = hasZstd ? `${process.version} has zstd` : false;

test('zstd is found out by the first bytes, and read in frames', { skip: skipWithout }, async () => {
  for (const extension of ['.txt', '.zst']) {
    const path = fileOf(Buffer.concat([frameOf('a\nb'), frameOf('\nc')]), extension);
    const positions: number[] = [];
    const lines = await drain(readLines(path), { limit: 1, after: (position) => positions.push(position) });
    assert.deepEqual(
      lines.map(({ line }) => line),
      ['a', 'b', 'c'],
    );
    for (const position of positions) {
      const rest = await drain(readLines(path), { position });
      assert.deepEqual(rest, lines.slice(lines.length - rest.length));
    }
  }
});

test('what is written as zstd is read again, each commit being a frame', { skip: skipWithout }, async () => {
  const path = newPath('.zst');
  const sink = writeLines<{ line: string }>(path, ({ line }) => line);
  const writer = await sink.open({ operator: 'sink', position: 0 });
  writer.write({ line: 'a' });
  const committed = writer.flush();
  writer.write({ line: 'not committed' });
  writer.flush();
  writer.rollback(committed);
  writer.write({ line: 'b' });
  writer.flush();
  writer.close();
  assert.equal(readFileSync(path).readUInt32LE(), 0xfd2fb528);
  assert.deepEqual(await drain(readLines(path)), [{ line: 'a' }, { line: 'b' }]);
});

test('without zstd, reading it is INPUT_FILE and writing it BAD_OPTION', { skip: skipWith }, async () => {
  for (const [path, options] of [
    [fileOf(frameOf('a\n')), {}],
    [fileOf(frameOf('a\n'), '.zst'), {}],
    [fileOf('a\n'), { compression: 'zstd' }],
  ] as const) {
    await assert.rejects(drain(readLines(path, options)), { code: 'INPUT_FILE', message: VERSIONS });
  }
  assert.throws(() => writeLines(newPath('.zst'), () => ''), { code: 'BAD_OPTION', message: VERSIONS });
});
