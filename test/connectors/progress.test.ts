// Goal: readers of files know how much of them they have read, by the file's own bytes: whatever format, in ranges, from any position
// on, and over the files that a pattern leads to. What has no end known says nothing.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { allocateMemory, PartitionProgress, progressOf } from '../../src/actors/inputs/source-memory.ts';
import { partitionsOf, type SourceDefinition } from '../../src/flow/source.ts';
import type { SourceProgress } from '../../src/flow/source-progress.ts';
import type { Shape, TupleOf } from '../../src/mailbox/schema.ts';
import { t } from '../../src/mailbox/schema.ts';
import { fromIterable, readCsv, readLines } from '../../src/sources.ts';
import { contextWith, memoriesOf } from '../kit/drive.ts';
import { csvSource, jsonSource, lineSource } from '../kit/file-sources.ts';
import { fileOf, folder } from '../kit/temporary-files.ts';

/** What the partitions of a source say before each read and at the end, and where they stand then. */
async function saidOf<Fields extends Shape, Position>(
  source: SourceDefinition<Fields, TupleOf<Fields>, Position>,
  { limit = 10, position = source.start ?? (0 as Position) } = {},
): Promise<(SourceProgress | undefined)[][]> {
  const memoryOf = memoriesOf(partitionsOf(source));
  const listing = await source.list?.();
  const all: (SourceProgress | undefined)[][] = [];
  for (let partition = 0; partition < partitionsOf(source); partition++) {
    let wake = (): void => {};
    const memory = memoryOf(partition);
    let failure: unknown;
    const fail = (error: unknown): void => {
      failure = error;
      wake();
    };
    let isWoken = false;
    const rouse = (): void => {
      isWoken = true;
      wake();
    };
    const parts = { partition, position, memory, memoryOf, listing, wake: rouse, fail };
    const reader = await source.open(contextWith<Position>(parts));
    const said: (SourceProgress | undefined)[] = [];
    for (;;) {
      said.push(reader.progress?.());
      const status = reader.read(() => {}, limit);
      if (failure !== undefined) throw failure;
      if (status === 'end') break;
      if (status === 'wait' && !isWoken)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      isWoken = false;
    }
    said.push(reader.progress?.());
    reader.close();
    all.push(said);
  }
  return all;
}

/** The shares that were said of a source of one partition, without repetitions. */
async function sharesOf<Fields extends Shape, Position>(
  source: SourceDefinition<Fields, TupleOf<Fields>, Position>,
): Promise<readonly number[]> {
  const [said] = await saidOf(source);
  const shares = said.map((each) => (each as SourceProgress).done / (each as SourceProgress).total);
  return shares.filter((share, i) => share !== shares[i - 1]);
}

function assertSpreads(shares: readonly number[], most = 0.2): void {
  assert.ok(shares[0] < 0.05, `begins at ${shares[0]}`);
  assert.ok((shares.at(-1) as number) > 0.99 && (shares.at(-1) as number) <= 1.01, `ends at ${shares.at(-1)}`);
  for (const [i, share] of shares.entries())
    assert.ok(i === 0 || share - shares[i - 1] < most, `from ${shares[i - 1]} to ${share}`);
}

const LINES = Array.from({ length: 2000 }, (_, i) => `${i},${(i * 7919) % 1009}\n`).join('');
const CHUNK = 512;
const FIELDS = { a: t.u32(), b: t.u32() };

test('plain text: by position', async () => {
  const path = fileOf(LINES);
  const [said] = await saidOf(lineSource(path, {}, CHUNK), { limit: 1 });
  const total = Buffer.byteLength(LINES);
  assert.deepEqual(said[0], { done: 0, total });
  assert.deepEqual(said[1], { done: '0,0\n'.length, total });
  assert.deepEqual(said.at(-1), { done: total, total });
  assertSpreads(await sharesOf(csvSource(path, FIELDS, { header: false }, CHUNK)));
  const json = fileOf(LINES.replace(/(\d+),(\d+)/g, '{"a":$1,"b":$2}'));
  assertSpreads(await sharesOf(jsonSource(json, FIELDS, {}, CHUNK)));
});

test('other encodings and compressed files: by the bytes of the file', async () => {
  const text = LINES.replaceAll(',', ' é ');
  assertSpreads(await sharesOf(lineSource(fileOf(Buffer.from(text, 'utf16le')), { encoding: 'utf-16le' }, CHUNK)));
  assertSpreads(await sharesOf(lineSource(fileOf(zlib.gzipSync(text)), {}, CHUNK)));
  assertSpreads(await sharesOf(lineSource(fileOf(zlib.brotliCompressSync(text), '.br'), {}, CHUNK)));
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer };
  if (zstdCompressSync !== undefined)
    assertSpreads(await sharesOf(lineSource(fileOf(zstdCompressSync(text)), {}, CHUNK)));
});

test('ranges: together they are the file', async () => {
  const path = fileOf(LINES);
  for (const all of [
    await saidOf(lineSource(path, {}, CHUNK, 3)),
    await saidOf(csvSource(path, FIELDS, { header: false }, CHUNK, 3)),
  ]) {
    assert.equal(all.length, 3);
    const known = all.map((said) => said.filter((each) => each !== undefined));
    const totals = known.map((said) => (said.at(-1) as SourceProgress).total);
    assert.equal(
      totals.reduce((sum, total) => sum + total),
      Buffer.byteLength(LINES),
    );
    for (const said of known)
      for (const { done, total } of said) assert.ok(done >= 0 && done <= total, `${done} of ${total}`);
  }
});

test('files of a pattern: by the bytes of all of them', async () => {
  const within = join(folder, 'many');
  mkdirSync(within);
  for (const [i, count] of [10, 1000, 1, 3000].entries())
    writeFileSync(join(within, `${i}.txt`), 'one more line\n'.repeat(count));
  const [said] = await saidOf(readLines(`${within}/`), { limit: 100 });
  const known = said.filter((each) => each !== undefined);
  const total = 4011 * 'one more line\n'.length;
  assert.ok(known.length > 30);
  for (const each of known) assert.equal(each.total, total);
  for (const [i, { done }] of known.entries()) assert.ok(i === 0 || done >= known[i - 1].done - 1400);
  assert.equal(known.at(-1)?.done, total);
});

test('arrays and what else knows how many it has; the rest says nothing', async () => {
  const fields = { n: t.u32() };
  const array = Array.from({ length: 25 }, (_, n) => ({ n }));
  const ends = async (make: () => Iterable<{ n: number }> | AsyncIterable<{ n: number }>) =>
    (await saidOf(fromIterable(fields, make)))[0].at(-1);
  assert.deepEqual(await ends(() => array), { done: 25, total: 25 });
  assert.deepEqual(await ends(() => new Set(array)), { done: 25, total: 25 });
  assert.equal(await ends(() => array.values()), undefined);
  assert.equal(
    await ends(async function* () {
      yield* array;
    }),
    undefined,
  );
  assert.equal(
    await ends(() => ({ ...array.values(), length: -1, [Symbol.iterator]: () => array.values() })),
    undefined,
  );
});

test('an empty file has been read, and so has a header', async () => {
  const [said] = await saidOf(readLines(fileOf('')));
  assert.deepEqual(said.at(-1), { done: 0, total: 0 });
  const [header] = await saidOf(readCsv(fileOf('a,b\n'), FIELDS, { header: true }));
  assert.deepEqual(header.at(-1), { done: 4, total: 4 });
});

test('progress of partitions adds up, never goes back, and is unknown as long as that of one is', () => {
  const memory = allocateMemory(2);
  const [one, other] = [0, 1].map((partition) => new PartitionProgress(memory, partition));
  assert.equal(progressOf(memory), undefined);
  one.tell('source', { done: 50, total: 100 });
  assert.equal(progressOf(memory), undefined);
  other.tell('source', { done: 0, total: 300 });
  assert.equal(progressOf(memory), 50 / 400);
  one.tell('source', { done: 10, total: 90 });
  assert.equal(progressOf(memory), 50 / 400);
  one.tell('source', { done: 150, total: 100 });
  assert.equal(progressOf(memory), 150 / 450);
  other.tell('source', undefined);
  other.end();
  assert.equal(progressOf(memory), 1);
});
