// Goal: a file that is followed gives each line once, in order, as it is completed: through appends, rotations and cuts, and from any
// position on; it never ends by itself.

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readCsv, recordsOfFile } from '../../src/connectors/csv/read-csv.ts';
import type { FileSource } from '../../src/connectors/files/file-source.ts';
import { type FollowPlace, followFiles } from '../../src/connectors/files/follow-files.ts';
import { FollowedFile, Pursuit } from '../../src/connectors/files/followed-file.ts';
import { objectsOfFile, readJson } from '../../src/connectors/json/read-json.ts';
import { type LineFields, linesOfFile, readLines } from '../../src/connectors/lines/read-lines.ts';
import type { SourceDefinition } from '../../src/flow/source.ts';
import { type Shape, type TupleOf, t } from '../../src/mailbox/schema.ts';
import { contextWith } from '../kit/drive.ts';
import { UNKNOWN_FORMAT } from '../kit/file-sources.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const TIMES = { lookEveryMs: 2, silenceMs: 40 };
const FOREVER_MS = 5000;

const followers = new Set<{ close(): Promise<void> }>();

// One that a failed test has not left would keep the process from ending.
afterEach(async () => {
  for (const follower of followers) await follower.close();
  followers.clear();
});

/** Reads a source as an actor would, until it is left. */
class Follower<Fields extends Shape, Position> {
  readonly tuples: TupleOf<Fields>[] = [];
  /** The position behind as many tuples. */
  readonly places = new Map<number, Position>();
  failure: unknown;
  hasEnded = false;
  readonly #source: SourceDefinition<Fields, TupleOf<Fields>, Position>;
  readonly #limit: number;
  #wake = (): void => {};
  #isLeft = false;
  #reading: Promise<void> | undefined;

  constructor(source: SourceDefinition<Fields, TupleOf<Fields>, Position>, limit = 1000) {
    this.#source = source;
    this.#limit = limit;
    followers.add(this);
  }

  start(position = this.#source.start as Position): this {
    this.#reading = this.#read(position).catch((error: unknown) => {
      this.failure ??= error;
    });
    return this;
  }

  async #read(position: Position): Promise<void> {
    const reader = await this.#source.open(
      contextWith<Position>({
        position,
        wake: () => this.#wake(),
        fail: (error) => {
          this.failure ??= error;
          this.#wake();
        },
      }),
    );
    try {
      this.places.set(0, position);
      while (!this.#isLeft && this.failure === undefined) {
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        const status = reader.read((tuple) => this.tuples.push(tuple), this.#limit);
        this.places.set(this.tuples.length, structuredClone(reader.position));
        if (status === 'end') this.hasEnded = true;
        if (status === 'wait') await woken;
      }
    } finally {
      reader.close();
    }
  }

  /** Waits for so many tuples. */
  async have(count: number): Promise<TupleOf<Fields>[]> {
    const deadlineMs = performance.now() + FOREVER_MS;
    while (this.tuples.length < count && performance.now() < deadlineMs) {
      if (this.failure !== undefined) throw this.failure;
      await sleep(2);
    }
    assert.equal(this.tuples.length, count);
    return this.tuples;
  }

  /** Waits for what fails the job. */
  async fails(): Promise<unknown> {
    const deadlineMs = performance.now() + FOREVER_MS;
    while (this.failure === undefined && performance.now() < deadlineMs) await sleep(2);
    await this.leave();
    return this.failure;
  }

  async close(): Promise<void> {
    this.#isLeft = true;
    this.#wake();
    await this.#reading;
  }

  async leave(): Promise<void> {
    await this.close();
    assert.equal(this.hasEnded, false);
  }
}

const lineFile = (path: string, chunkBytes = 50): FileSource<LineFields, number> =>
  linesOfFile(path, UNKNOWN_FORMAT, chunkBytes, 1);
const followLines = (path: string, chunkBytes?: number, limit?: number) =>
  new Follower(followFiles([lineFile(path, chunkBytes)], 'test', TIMES), limit);
const texts = (tuples: readonly { line: string }[]) => tuples.map(({ line }) => line);

let rotations = 0;
function rotate(path: string): string {
  const to = `${path}.${++rotations}`;
  fs.renameSync(path, to);
  return to;
}

test('appended lines come as they are completed: a last line is held until its end', async () => {
  const path = fileOf('a\r\nb\nhal');
  const follower = followLines(path).start();
  assert.deepEqual(texts(await follower.have(2)), ['a', 'b']);
  await sleep(30);
  assert.equal(follower.tuples.length, 2);
  fs.appendFileSync(path, 'f\r');
  await sleep(30);
  assert.equal(follower.tuples.length, 2);
  fs.appendFileSync(path, '\n\nlast\n');
  assert.deepEqual(texts(await follower.have(5)), ['a', 'b', 'half', '', 'last']);
  await follower.leave();
});

test('a file that is yet to come, and one that is empty', async () => {
  const missing = newPath();
  const follower = followLines(missing).start();
  await sleep(20);
  fs.writeFileSync(missing, '');
  await sleep(20);
  fs.appendFileSync(missing, 'a\n');
  assert.deepEqual(texts(await follower.have(1)), ['a']);
  await follower.leave();
  // Whoever waits for a file, or for its first byte, can be left.
  await followLines(newPath()).start().leave();
  await followLines(fileOf('')).start().leave();
});

test('rotation: the old file is read to its end, also what is still written to it, then the new one', async () => {
  const path = fileOf('a\n');
  const follower = followLines(path).start();
  await follower.have(1);
  const descriptor = fs.openSync(path, 'a');
  rotate(path);
  fs.writeSync(descriptor, 'b\n');
  await sleep(20);
  fs.writeFileSync(path, 'c\n');
  fs.writeSync(descriptor, 'late\nunfinished');
  fs.closeSync(descriptor);
  assert.deepEqual(texts(await follower.have(5)), ['a', 'b', 'late', 'unfinished', 'c']);
  fs.appendFileSync(path, 'd\n');
  await follower.have(6);
  rotate(path);
  // One that was rotated again before anything was in it.
  fs.writeFileSync(path, '');
  await sleep(10 * TIMES.silenceMs);
  rotate(path);
  fs.writeFileSync(path, 'e\n');
  assert.deepEqual(texts(await follower.have(7)).slice(5), ['d', 'e']);
  await follower.leave();
});

test('a file that is deleted, and made anew', async () => {
  const path = fileOf('a\n');
  const follower = followLines(path).start();
  await follower.have(1);
  fs.rmSync(path);
  await sleep(20);
  fs.writeFileSync(path, 'b\n');
  assert.deepEqual(texts(await follower.have(2)), ['a', 'b']);
  await follower.leave();
});

test('a file that is cut is read from its beginning, be it shorter or longer than before', async () => {
  const path = fileOf('first line\n');
  const follower = followLines(path).start();
  await follower.have(1);
  await sleep(20);
  fs.writeFileSync(path, 'x\n');
  await follower.have(2);
  await sleep(20);
  fs.writeFileSync(path, 'written anew, and longer\nthan it was\n');
  await follower.have(4);
  await sleep(20);
  fs.truncateSync(path, 0);
  await sleep(20);
  fs.appendFileSync(path, 'end\n');
  assert.deepEqual(texts(await follower.have(5)), [
    'first line',
    'x',
    'written anew, and longer',
    'than it was',
    'end',
  ]);
  await follower.leave();
});

test('a file is read anew that was written anew, with as many bytes, before its end was looked for', async () => {
  const path = fileOf('#0\n');
  const pursuit = new Pursuit(TIMES);
  const file = (await FollowedFile.find(path, undefined, pursuit)) as FollowedFile;
  const input = await file.input(0, UNKNOWN_FORMAT);
  const bytes = Buffer.alloc(10);
  assert.equal(await input.fill(bytes, 0, bytes.length), 3);
  fs.writeFileSync(path, '#1\n');
  assert.equal(await input.fill(bytes, 0, bytes.length), 0);
  assert.equal(file.isCut, true);
  input.close();
  pursuit.close();
});

test('any pieces, chunks and limits, with rotations and cuts: each line once; every position gives exactly the rest', async () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a\n', 'é', '日\n', '\r\n', 'x', '\n', 'a line\nand ano', 'ther\n') },
    { weight: 1, arbitrary: fc.constant('rotate' as const) },
    { weight: 1, arbitrary: fc.constant('cut' as const) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 15 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 3 }),
      async (actions, chunkBytes, limit) => {
        const path = fileOf('#0\n');
        const follower = followLines(path, chunkBytes, limit).start();
        const expected: string[] = [];
        let written = '#0\n';
        const complete = () => written.split('\n').slice(0, -1);
        await follower.have(1);
        let rotatedAt = 0;
        /** Another file, or another beginning, which is waited for: what comes and goes between two looks is not seen. */
        const begin = async (change: () => void, number: number) => {
          await follower.have(expected.length + complete().length);
          change();
          // What has no end when the file has ends with it.
          expected.push(...complete());
          const last = written.split('\n').at(-1) as string;
          if (last !== '') expected.push(last);
          rotatedAt = expected.length;
          written = `#${number}\n`;
          fs.appendFileSync(path, written);
          await follower.have(expected.length + 1);
        };
        for (const [i, each] of actions.entries()) {
          if (each === 'rotate') await begin(() => rotate(path), i + 1);
          else if (each === 'cut') {
            // What was not read by then is lost, as with any reader.
            await sleep(written.endsWith('\n') ? 0 : 20);
            await begin(() => fs.truncateSync(path, 0), i + 1);
          } else {
            fs.appendFileSync(path, each);
            written += each;
          }
        }
        const whole = [...expected, ...complete()].map((each) => (each.endsWith('\r') ? each.slice(0, -1) : each));
        assert.deepEqual(texts(await follower.have(whole.length)), whole);
        await follower.leave();
        for (const [count, place] of follower.places) {
          // Files that were cut or rotated again since do not lead to what comes behind the position.
          if (count <= rotatedAt) continue;
          const again = followLines(path, chunkBytes).start(place);
          assert.deepEqual(texts(await again.have(whole.length - count)), whole.slice(count));
          await again.leave();
        }
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

test('a position in a file that was rotated since goes on there, then in the new file', async () => {
  const path = fileOf('a\nb\nc\n');
  const first = followLines(path, 50, 1).start();
  await first.have(3);
  await first.leave();
  rotate(path);
  for (const [count, place] of first.places) {
    // Where nothing was read yet, no file is known.
    if (place.file === '') continue;
    const again = followLines(path).start(place);
    await sleep(5);
    fs.writeFileSync(path, 'd\n');
    assert.deepEqual(texts(await again.have(4 - count)), ['a', 'b', 'c', 'd'].slice(count));
    await again.leave();
    fs.rmSync(path);
  }
});

test('a position in a file that was cut since begins anew; in one that is gone it is INPUT_CHANGED', async () => {
  const path = fileOf('a\nb\nc\n');
  const first = followLines(path).start();
  await first.have(3);
  await first.leave();
  const place = first.places.get(3) as FollowPlace<number>;
  assert.equal(place.at, 6);
  fs.writeFileSync(path, 'x\n');
  const again = followLines(path).start(place);
  assert.deepEqual(texts(await again.have(1)), ['x']);
  await again.leave();
  const gone = followLines(path).start({ file: '1:1', at: 3 });
  const error = (await gone.fails()) as { code: string; message: string };
  assert.equal(error.code, 'INPUT_CHANGED');
  assert.match(error.message, /inode 1:1.*not in its folder/);
});

test('CSV: each file has its header; JSON: lines are counted by file', async () => {
  const path = fileOf('', '.csv');
  const fields = { id: t.u32(), name: t.string() };
  const source = followFiles([recordsOfFile(path, fields, { header: true }, { chunkBytes: 16 })], 'test', TIMES);
  const follower = new Follower(source, 1).start();
  fs.appendFileSync(path, 'id,na');
  await sleep(20);
  fs.appendFileSync(path, 'me\n1,"x\n');
  await sleep(20);
  assert.equal(follower.tuples.length, 0);
  fs.appendFileSync(path, 'y"\n2,z\n');
  await follower.have(2);
  rotate(path);
  fs.writeFileSync(path, 'name,id\nw,3\n');
  const expected = [
    { id: 1, name: 'x\ny' },
    { id: 2, name: 'z' },
    { id: 3, name: 'w' },
  ];
  assert.deepEqual(await follower.have(3), expected);
  await follower.leave();
  for (const [count, place] of follower.places) {
    if (place.file === '') continue;
    const again = new Follower(source).start(place);
    assert.deepEqual(await again.have(3 - count), expected.slice(count));
    await again.leave();
  }
  const objects = fileOf('{"n":1}\n{"n":');
  const json = new Follower(followFiles([objectsOfFile(objects, { n: t.u32() }, {}, 16, 1)], 'test', TIMES)).start();
  await json.have(1);
  fs.appendFileSync(objects, '2}\nno\n');
  const error = (await json.fails()) as { code: string; details: { line: number } };
  assert.equal(error.code, 'BAD_JSON');
  assert.equal(error.details.line, 3);
  assert.deepEqual(json.tuples, [{ n: 1 }, { n: 2 }]);
});

test('descriptors are closed', { skip: process.platform !== 'linux' }, async () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  const path = fileOf('a\n');
  const follower = followLines(path).start();
  await follower.have(1);
  rotate(path);
  fs.writeFileSync(path, 'b\n');
  await follower.have(2);
  await follower.leave();
  for (let i = 0; i < 100 && open() > before; i++) await sleep(10);
  assert.ok(open() <= before, `${open()} after ${before}`);
});

test('what cannot be followed is refused', () => {
  const refused = { code: 'BAD_OPTION', message: /follow/ };
  for (const path of ['-', 'logs/', '*.log', 'a.log.gz']) {
    assert.throws(() => readLines(path, { follow: true }), refused);
    assert.throws(() => readJson(path, { n: t.u32() }, { follow: true }), refused);
  }
  assert.throws(() => readLines('a.log', { follow: true, ranges: 2 }), { code: 'BAD_OPTION', message: /ranges/ });
  assert.throws(() => readLines('a.log', { follow: true, encoding: 'utf-16le' }), refused);
  assert.throws(() => readCsv('a.csv', { n: t.u32() }, { follow: true, lineEnds: 'cr' }), refused);
  assert.equal(readLines(['a.log', 'b.log'], { follow: true }).partitions, 2);
});

test('a file whose first bytes are no UTF-8 is refused, unless options say that it is', async () => {
  for (const [bytes, format] of [
    [Buffer.from('\ufeffa\n', 'utf16le'), 'utf-16le'],
    [Buffer.from('\ufeffa\n', 'utf16le').swap16(), 'utf-16be'],
    [gzipSync('a\n'), 'gzip'],
  ] as const) {
    const path = newPath('.log');
    fs.writeFileSync(path, '');
    const follower = new Follower(readLines(path, { follow: true })).start();
    // Byte by byte, as it may come.
    for (const byte of bytes) fs.appendFileSync(path, Buffer.of(byte));
    const endMs = performance.now() + FOREVER_MS;
    while (follower.failure === undefined && performance.now() < endMs) await sleep(5);
    const error = follower.failure as { code: string; message: string };
    assert.equal(error?.code, 'BAD_OPTION');
    assert.match(error.message, new RegExp(`'follow'.* begins as ${format} does`));
    assert.deepEqual(follower.tuples, []);
  }
});
