// Goal: a source reads one file, from its first opening to its end: another one at its path, one that was cut, and one with
// another beginning are typed errors, wherever that is noticed; growth, renaming and what has no identity are none.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { MillraceError } from '../../src/errors.ts';
import { MEMORY_CELLS, type SourceDefinition } from '../../src/flow/source.ts';
import { type Shape, type TupleOf, t } from '../../src/mailbox/schema.ts';
import { drain } from '../kit/drive.ts';
import { csvSource, lineSource } from '../kit/file-sources.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

const CHUNK_BYTES = 1000;
const csvFields = { n: t.u32(), text: t.string() };
const textOf = (count: number, letter: string) =>
  Array.from({ length: count }, (_, n) => `${n},${letter.repeat(20)}\n`).join('');
const noise = (count: number) =>
  Array.from({ length: count }, (_, n) => `${n},${Math.imul(n + 1, 0x9e3779b1) >>> 0}\n`).join('');

type Make = (path: string) => SourceDefinition<Shape, TupleOf<Shape>, unknown>;

/** Each way to read a file, and how its text is written. */
const readers: { name: string; make: Make; encode: (text: string) => string | Buffer; header: string }[] = [
  { name: 'lines', make: (path) => lineSource(path, {}, CHUNK_BYTES), encode: (text) => text, header: '' },
  { name: 'gzip lines', make: (path) => lineSource(path, {}, CHUNK_BYTES), encode: gzipSync, header: '' },
  {
    name: 'csv with a header',
    make: (path) => csvSource(path, csvFields, { header: true }, CHUNK_BYTES),
    encode: (text) => text,
    header: 'n,text\n',
  },
];

const changed = (path: string, change: string, was?: number, is?: number) => (error: unknown) => {
  assert.ok(error instanceof MillraceError);
  assert.equal(error.code, 'INPUT_CHANGED', error.message);
  assert.equal(error.details.path, path);
  assert.equal(error.details.change, change);
  assert.match(
    error.message,
    /inode \d+ of device \d+, \d+ bytes.*inode \d+ of device \d+, \d+ bytes.*run the job again/,
  );
  const facts = error.details as unknown as Record<'was' | 'is', { bytes: number }>;
  if (was !== undefined) assert.equal(facts.was.bytes, was);
  if (is !== undefined) assert.equal(facts.is.bytes, is);
  return true;
};

interface Reading {
  make: Make;
  path: string;
  memory: Int32Array;
}

/** Reads some tuples, and resolves to where the next reader goes on. */
async function readSome({ make, path, memory }: Reading) {
  let place: unknown = 0;
  const stop = new Error('enough');
  const all = drain(make(path), {
    memory,
    limit: 5,
    after: (position, count) => {
      place = position;
      if (count >= 10) throw stop;
    },
  });
  await assert.rejects(all, stop);
  return { position: place };
}

/** Replaces the file at a path by another one that is not yet there, as a rotation does. */
function rotate(path: string, content: string | Buffer): void {
  fs.renameSync(path, `${path}.1`);
  fs.writeFileSync(path, content);
}

for (const { name, make, encode, header } of readers) {
  const start = (text = textOf(3000, 'x')) => {
    const path = fileOf(encode(header + text));
    return { make, path, memory: new Int32Array(MEMORY_CELLS), size: fs.statSync(path).size };
  };

  test(`${name}: a file that was replaced is no continuation, whatever its size`, async () => {
    for (const count of [1000, 3000, 5000]) {
      const reading = start();
      const place = await readSome(reading);
      const content = encode(header + textOf(count, 'y'));
      rotate(reading.path, content);
      await assert.rejects(
        drain(make(reading.path), { ...place, memory: reading.memory }),
        changed(reading.path, 'other', reading.size, Buffer.byteLength(content)),
      );
    }
  });

  test(`${name}: two files of one partition are told apart, each with its own change`, async () => {
    const [one, two] = [start(), start(textOf(50, 'z'))];
    const { memory } = one;
    const places = [await readSome({ ...one, memory }), await readSome({ ...two, memory })];
    for (const [i, { path }] of [one, two].entries()) await drain(make(path), { ...places[i], memory });
    rotate(two.path, encode(header + textOf(60, 'y')));
    await drain(make(one.path), { ...places[0], memory });
    await assert.rejects(drain(make(two.path), { ...places[1], memory }), { code: 'INPUT_CHANGED' });
  });

  test(`${name}: a new file that has got the inode of the old one is another file`, async () => {
    const reading = start();
    const place = await readSome(reading);
    fs.rmSync(reading.path);
    fs.writeFileSync(reading.path, encode(header + textOf(6000, 'y')));
    // Where births are not told and inodes are used again, the first bytes tell.
    await assert.rejects(
      drain(make(reading.path), { ...place, memory: reading.memory }),
      (error: MillraceError) => error.code === 'INPUT_CHANGED' && error.details.change !== 'shorter',
    );
  });

  test(`${name}: a file that was cut and written anew in place, as long as before or longer`, async () => {
    for (const count of [3000, 9000]) {
      const reading = start(noise(3000));
      const place = await readSome(reading);
      // Opening it for writing keeps the inode.
      fs.writeFileSync(reading.path, encode(header + textOf(count, 'y') + noise(count)));
      await assert.rejects(
        drain(make(reading.path), { ...place, memory: reading.memory }),
        changed(reading.path, 'rewritten', reading.size),
      );
    }
  });

  test(`${name}: a file that was cut, though reading would go on before its end`, async () => {
    const reading = start();
    const place = await readSome(reading);
    fs.truncateSync(reading.path, reading.size - 1);
    await assert.rejects(
      drain(make(reading.path), { ...place, memory: reading.memory }),
      changed(reading.path, 'shorter', reading.size, reading.size - 1),
    );
  });

  test(`${name}: a file that is cut while it is read is found at its end, without any reopening`, async () => {
    for (const left of [0.1, 0.9]) {
      const reading = start(noise(30_000));
      let cut = false;
      const all = drain(make(reading.path), {
        memory: reading.memory,
        limit: 5,
        after: () => {
          if (!cut) fs.truncateSync(reading.path, Math.floor(reading.size * left));
          cut = true;
        },
      });
      await assert.rejects(all, changed(reading.path, 'shorter', reading.size));
    }
  });

  test(`${name}: a file that is renamed while it is read is read to its end`, async () => {
    const reading = start(noise(10_000));
    let isRenamed = false;
    const all = await drain(make(reading.path), {
      memory: reading.memory,
      after: () => {
        if (!isRenamed) rotate(reading.path, encode(header + textOf(10, 'y')));
        isRenamed = true;
      },
    });
    assert.equal(all.length, 10_000);
    await assert.rejects(drain(make(reading.path), { memory: reading.memory }), changed(reading.path, 'other'));
  });

  test(`${name}: nothing changes, or only the time`, async () => {
    const reading = start();
    const place = await readSome(reading);
    const { memory } = reading;
    fs.utimesSync(reading.path, new Date(), new Date());
    const rest = await drain(make(reading.path), { ...place, memory });
    assert.deepEqual(await drain(make(reading.path), { memory }), await drain(make(reading.path)));
    assert.ok(rest.length > 0);
  });
}

test('a file that grows is read to where it ends then, also by later readers; what it has grown by is not lost either', async () => {
  const make = readers[0].make;
  const path = fileOf(textOf(100, 'x'));
  const memory = new Int32Array(MEMORY_CELLS);
  const place = await readSome({ make, path, memory });
  fs.appendFileSync(path, textOf(1000, 'y'));
  const rest = await drain(make(path), { ...place, memory });
  assert.equal(rest.length, 1090);
  const { size } = fs.statSync(path);
  fs.truncateSync(path, size - 100);
  await assert.rejects(drain(make(path), { ...place, memory }), changed(path, 'shorter', size, size - 100));
});

test('an empty file that grows later', async () => {
  const { make } = readers[0];
  const path = fileOf('');
  const memory = new Int32Array(MEMORY_CELLS);
  assert.deepEqual(await drain(make(path), { memory }), []);
  fs.writeFileSync(path, 'a\nb\n');
  assert.deepEqual(await drain(make(path), { memory }), [{ line: 'a' }, { line: 'b' }]);
});

test('what has no size and no identity is read as ever', { skip: process.platform !== 'linux' }, async () => {
  const { make } = readers[0];
  const memory = new Int32Array(MEMORY_CELLS);
  const status = await drain(make('/proc/self/status'), { memory });
  assert.ok(status.length > 10);
  assert.equal((await drain(make('/proc/self/status'), { memory })).length, status.length);
  assert.deepEqual(await drain(make('/dev/null')), []);
  for (const { make, encode, header } of readers.slice(0, 2)) {
    const pipe = newPath();
    execFileSync('mkfifo', [pipe]);
    const lines = drain(make(pipe));
    fs.writeFileSync(pipe, encode(`${header}a\nb\n`));
    assert.deepEqual(await lines, [{ line: 'a' }, { line: 'b' }]);
  }
});

test('descriptors are closed once, however a reading ends', { skip: process.platform !== 'linux' }, async () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  for (const { make, encode, header } of readers) {
    const path = fileOf(encode(header + textOf(3000, 'x')));
    const memory = new Int32Array(MEMORY_CELLS);
    await readSome({ make, path, memory });
    await drain(make(path), { memory });
    rotate(path, encode(header + textOf(10, 'y')));
    await assert.rejects(drain(make(path), { memory }), { code: 'INPUT_CHANGED' });
  }
  for (let i = 0; i < 100 && open() > before; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  // Node.js itself may have closed some meanwhile.
  assert.ok(open() <= before, `${open()} after ${before}`);
});
