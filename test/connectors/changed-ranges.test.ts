// Goal: all ranges of a file read one file, the one that any of them opened first; whatever becomes of it meanwhile is noticed by the
// last of them at the latest. What it grows by is read once, or not at all.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { partitionsOf, type SourceDefinition } from '../../src/flow/source.ts';
import { type Shape, type TupleOf, t } from '../../src/mailbox/schema.ts';
import { drain, drainEach, memoriesOf } from '../kit/drive.ts';
import { csvSource, lineSource } from '../kit/file-sources.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const RANGES = 4;
const CHUNK_BYTES = 500;
const textOf = (from: number, to: number, word = 'word'): string =>
  Array.from({ length: to - from }, (_, i) => `${from + i},"${word}"\n`).join('');

type AnySource = SourceDefinition<Shape, TupleOf<Shape>, unknown>;

const kinds: Readonly<Record<string, (path: string) => AnySource>> = {
  lines: (path) => lineSource(path, {}, CHUNK_BYTES, RANGES) as unknown as AnySource,
  csv: (path) => csvSource(path, { n: t.u32(), text: t.string() }, {}, CHUNK_BYTES, RANGES) as unknown as AnySource,
};

for (const [name, make] of Object.entries(kinds)) {
  /** A file, and how its ranges are read, each for itself. */
  const opened = (text = textOf(0, 2000)) => {
    const path = fileOf(text);
    const source = make(path);
    const memoryOf = memoriesOf(RANGES);
    const read = (partition: number, after?: (position: unknown, count: number) => void) =>
      drain(source, { partition, memoryOf, memory: memoryOf(partition), limit: 5, ...(after && { after }) });
    return { path, source, read };
  };

  test(`${name}: a file that is replaced between the openings of two ranges`, async () => {
    for (const [first, second] of [
      [0, 3],
      [3, 0],
      [1, 2],
    ]) {
      const { path, read } = opened();
      await read(first);
      fs.renameSync(path, `${path}.1`);
      fs.writeFileSync(path, textOf(0, 2000));
      await assert.rejects(read(second), { code: 'INPUT_CHANGED', message: /another file/ });
    }
  });

  test(`${name}: a file that is cut while a range is read, behind the range or in it`, async () => {
    for (const partition of [0, 1, 2, 3]) {
      for (const left of [0.1, 0.95]) {
        const { path, read } = opened();
        const { size } = fs.statSync(path);
        const reading = read(partition, (_, count) => {
          if (count === 5) fs.truncateSync(path, Math.floor(size * left));
        });
        await assert.rejects(reading, { code: 'INPUT_CHANGED', message: /it was cut/ });
      }
    }
  });

  test(`${name}: a file that is written anew is noticed by each range that has not ended`, async () => {
    const { path, read } = opened();
    await read(3);
    const reading = read(0, (_, count) => {
      if (count === 5) fs.writeFileSync(path, textOf(0, 2000, 'back'));
    });
    await assert.rejects(reading, { code: 'INPUT_CHANGED', message: /same bytes/ });
  });

  test(`${name}: what a file grows by is read by the last range, whenever the others begin`, async () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
    ]) {
      const { path, read } = opened();
      const parts: TupleOf<Shape>[][] = [];
      const [first, ...others] = order;
      let hasGrown = false;
      parts[first] = await read(first, () => {
        if (!hasGrown) fs.appendFileSync(path, textOf(2000, 3000));
        hasGrown = true;
      });
      for (const partition of others) parts[partition] = await read(partition);
      const expected = await drainEach(make(fileOf(textOf(0, 3000))));
      assert.deepEqual(
        parts.flat(),
        expected.flatMap(({ tuples }) => tuples),
      );
    }
  });

  test(`${name}: a last line that goes on in several ranges, and is completed later, is one range's`, async () => {
    const { path, read } = opened('1,abcdefghijklmnopqrstuvwxyz');
    assert.equal((await read(0)).length, 1);
    fs.appendFileSync(path, 'more\n2,x\n3,y\n');
    // Whoever has read the line before them has come to the end of the file.
    for (const partition of [1, 2, 3]) assert.deepEqual(await read(partition), []);
  });

  test(`${name}: an empty file, and one that is not there`, async () => {
    const { source } = opened('');
    for (const { tuples, error } of await drainEach(source)) assert.deepEqual([tuples, error], [[], undefined]);
    for (const { error } of await drainEach(make(newPath()))) {
      assert.equal((error as { code?: string }).code, 'INPUT_FILE');
    }
  });

  test(`${name}: a pipe is opened by one range only`, { skip: process.platform !== 'linux' }, async () => {
    const pipe = newPath();
    execFileSync('mkfifo', [pipe]);
    const source = make(pipe);
    const reading = drainEach(source);
    await fs.promises.writeFile(pipe, textOf(0, 100));
    const [first, ...others] = await reading;
    assert.deepEqual([first.tuples.length, first.error], [100, undefined]);
    for (const { tuples, error } of others) assert.deepEqual([tuples, error], [[], undefined]);
    assert.equal(others.length, partitionsOf(source) - 1);
  });
}
