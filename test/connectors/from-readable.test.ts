// Goal: fromReadable gives the objects of any stream once, holds a fast stream back, lets go of it when it is closed, and goes on as its
// option `resume` says, or fails: no tuple is lost or doubled in silence.

import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type FromReadableOptions, fromReadable, type ReadableOf } from '../../src/connectors/streams/from-readable.ts';
import { MillraceError } from '../../src/errors.ts';
import { MEMORY_CELLS } from '../../src/flow/source.ts';
import { t } from '../../src/mailbox/schema.ts';
import { contextWith, drain } from '../kit/drive.ts';

const fields = { n: t.u32() };
type Tuple = { n: number };
const upTo = (count: number, from = 0) => Array.from({ length: count - from }, (_, n) => ({ n: n + from }));

async function* slowly(tuples: readonly Tuple[], everyTurn: number) {
  for (const [i, tuple] of tuples.entries()) {
    if (i % everyTurn === 0) await nextTurn();
    yield tuple;
  }
}

/** Each kind of stream with these tuples. */
const streams: Readonly<Record<string, (tuples: readonly Tuple[], everyTurn: number) => ReadableOf<Tuple>>> = {
  node: (tuples, everyTurn) => Readable.from(slowly(tuples, everyTurn)),
  web: (tuples, everyTurn) => ReadableStream.from(slowly(tuples, everyTurn)) as unknown as ReadableOf<Tuple>,
  iterable: slowly,
};

for (const [kind, streamOf] of Object.entries(streams)) {
  test(`${kind}: any length, any limit; reopening at every position gives exactly the rest`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(100),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('replay', 'seek'),
        async (count, limit, everyTurn, resume) => {
          const expected = upTo(count);
          const source = fromReadable(fields, async ({ position }) => streamOf(expected.slice(position), everyTurn), {
            resume,
          });
          const positions = new Map([[0, 0]]);
          const all = await drain(source, { limit, after: (position, taken) => positions.set(position, taken) });
          assert.deepEqual(all, expected);
          for (const [position, taken] of positions) {
            assert.equal(position, taken);
            assert.deepEqual(await drain(source, { position, limit }), expected.slice(position));
          }
        },
      ),
      { numRuns: 12 },
    );
  });
}

test('open() is told the partition, and a position only where it resumes by that', async () => {
  const places: object[] = [];
  for (const resume of ['replay', 'seek'] as const) {
    const source = fromReadable(
      fields,
      (place) => {
        places.push(place);
        return slowly(upTo(10, place.position), 1);
      },
      { resume, partitions: 3 },
    );
    assert.equal(source.partitions, 3);
    assert.deepEqual(await drain(source, { position: 4, partition: 2 }), upTo(10, 4));
  }
  assert.deepEqual(places, [
    { position: 0, partition: 2 },
    { position: 4, partition: 2 },
  ]);
});

test('a stream that cannot go back is opened once, also if nothing of it was committed', async () => {
  let openings = 0;
  const source = fromReadable(fields, () => {
    openings++;
    return slowly(upTo(5), 1);
  });
  const memory = new Int32Array(MEMORY_CELLS);
  assert.deepEqual(await drain(source, { memory }), upTo(5));
  for (const position of [0, 3]) {
    await assert.rejects(drain(source, { memory, position }), (error: MillraceError) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'INPUT_STREAM');
      assert.match(error.message, /'source'.*'replay'.*'seek'.*job\.input\(name\)\.pushAll/);
      assert.deepEqual(error.details, { operator: 'source', position });
      return true;
    });
  }
  assert.equal(openings, 1);
  // Another partition has a stream of its own.
  assert.deepEqual(await drain(source, { memory: new Int32Array(MEMORY_CELLS), partition: 1 }), upTo(5));
});

test('a stream is held back by a flow that does not read', async () => {
  for (const kind of ['node', 'web'] as const) {
    let made = 0;
    async function* endless() {
      for (;;) yield { n: made++ };
    }
    const stream = kind === 'node' ? Readable.from(endless()) : ReadableStream.from(endless());
    const reader = await fromReadable(fields, () => stream as unknown as ReadableOf<Tuple>).open(
      contextWith({ fail: assert.ifError }),
    );
    for (let before = -1; before !== made; await sleep(20)) before = made;
    assert.ok(made > 0 && made < 10_000, `${kind}: ${made} made ahead`);
    const taken: Tuple[] = [];
    while (taken.length < 5000) {
      reader.read((tuple) => taken.push(tuple), 1000);
      await nextTurn();
    }
    assert.deepEqual(taken, upTo(taken.length));
    reader.close();
  }
});

test('a stream that is silent is let go of at once when its reader is closed', async () => {
  const node = new PassThrough({ objectMode: true });
  let cancelled = false;
  const web = new ReadableStream({
    cancel() {
      cancelled = true;
    },
  });
  for (const stream of [node, web]) {
    const reader = await fromReadable(fields, () => stream as unknown as ReadableOf<Tuple>).open(
      contextWith({ fail: assert.ifError }),
    );
    assert.equal(
      reader.read(() => {}, 10),
      'wait',
    );
    reader.close();
    await nextTurn();
  }
  assert.ok(node.destroyed);
  assert.ok(cancelled);
});

test('errors of a stream come out as INPUT_STREAM with their cause, once what came before has been read', async () => {
  const cause = new RangeError('the line broke');
  async function* broken() {
    yield { n: 1 };
    await nextTurn();
    throw cause;
  }
  const failing: (() => ReadableOf<Tuple> | Promise<ReadableOf<Tuple>>)[] = [
    () => Readable.from(broken()),
    () => ReadableStream.from(broken()) as unknown as ReadableOf<Tuple>,
    broken,
    () => {
      throw cause;
    },
    () => Promise.reject(cause),
    () => {
      const stream = new PassThrough({ objectMode: true });
      setImmediate(() => stream.destroy(cause));
      return stream;
    },
  ];
  for (const open of failing) {
    await assert.rejects(drain(fromReadable(fields, open)), (error: MillraceError) => {
      assert.equal(error.code, 'INPUT_STREAM', error.stack);
      assert.match(error.message, /stream of source 'source' failed: .*the line broke/);
      assert.equal(error.cause, cause);
      return true;
    });
  }
});

test('a Web stream that somebody else reads is refused by a typed error', async () => {
  const stream = ReadableStream.from([{ n: 1 }]);
  stream.getReader();
  const source = fromReadable(fields, () => stream as unknown as ReadableOf<Tuple>);
  await assert.rejects(drain(source), { code: 'INPUT_STREAM', message: /stream of source 'source' failed: .*lock/i });
});

test('what is no object is refused, and what to do with it is said', async () => {
  for (const chunk of ['a line', Buffer.from('bytes'), 5, [{ n: 1 }]]) {
    const open = () => Readable.from([chunk]) as unknown as ReadableOf<Tuple>;
    await assert.rejects(drain(fromReadable(fields, open)), { code: 'INPUT_STREAM', message: /createInterface/ });
  }
});

test('mistakes in its arguments are told at once', async () => {
  // @ts-expect-error
  assert.throws(() => fromReadable(fields, Readable.from([])), { code: 'BAD_OPTION' });
  assert.throws(() => fromReadable({}, () => slowly([], 1)), { code: 'BAD_SCHEMA' });
  const again = { resume: 'again' } as unknown as FromReadableOptions;
  assert.throws(() => fromReadable(fields, () => slowly([], 1), again), { code: 'BAD_OPTION', message: /'seek'/ });
  // @ts-expect-error
  await assert.rejects(drain(fromReadable(fields, () => 5)), { code: 'BAD_OPTION', message: /ReadableStream/ });
});
