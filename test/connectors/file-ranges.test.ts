// Goal: the ranges of a file are one reader of it, byte for byte: in their order they give its tuples, dead letters and failures,
// wherever ranges and chunks end, whatever the file holds, and from any committed position on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { CsvSizes } from '../../src/connectors/csv/csv-settings.ts';
import type { ReadCsvOptions } from '../../src/connectors/csv/read-csv.ts';
import { filesInRanges } from '../../src/connectors/files/file-list.ts';
import { linesOfFile, readLines } from '../../src/connectors/lines/read-lines.ts';
import { cutFor, partitionsOf, type SourceDefinition } from '../../src/flow/source.ts';
import { type Shape, type TupleOf, t } from '../../src/mailbox/schema.ts';
import { drain, drainEach, memoriesOf } from '../kit/drive.ts';
import { csvSource, jsonSource, lineSource, UNKNOWN_FORMAT } from '../kit/file-sources.ts';
import { shortOrLong, someOrAll } from '../kit/long-form.ts';
import { fileOf } from '../kit/temporary-files.ts';

type Source<Position> = SourceDefinition<Shape, TupleOf<Shape>, Position>;

const messageOf = (error: unknown): string | undefined => (error as Error | undefined)?.message;

/** What a source gives, partition by partition, as far as it comes. */
async function outcomeOf<Position>(source: Source<Position>, limit = 1000) {
  // Where reads are long, ranges are read one after the other: what each finds of the others differs.
  const parts = await drainEach(source, { limit }, limit < 1000);
  const failed = parts.findIndex(({ error }) => error !== undefined);
  const until = failed < 0 ? parts : parts.slice(0, failed + 1);
  return {
    tuples: until.flatMap(({ tuples }) => tuples),
    letters: until.flatMap(({ rejected }) =>
      rejected.map(({ record, error, position }) => [record, error.message, position]),
    ),
    failure: messageOf(parts[failed]?.error),
  };
}

const csvFields = { a: t.string(), b: t.string() };

/** A CSV file as one reader and as ranges give it: in both ways to deal with bad records. */
async function compareCsv(
  content: string | Uint8Array,
  sizes: Partial<CsvSizes>,
  ranges: readonly number[],
  options: ReadCsvOptions = {},
  limit = 1000,
): Promise<void> {
  const path = fileOf(content, '.csv');
  for (const badRecords of ['skip', 'fail'] as const) {
    const how = { ...options, badRecords };
    const expected = await outcomeOf(csvSource(path, csvFields, how, { ...sizes, chunkBytes: 1000 }), limit);
    if (badRecords === 'fail' && expected.failure === undefined) return;
    const compare = async (count: number): Promise<void> => {
      const outcome = await outcomeOf(csvSource(path, csvFields, how, sizes, count), limit);
      assert.deepEqual(
        outcome,
        expected,
        `${JSON.stringify(content)} in ${count} ranges, ${JSON.stringify([sizes, how])}`,
      );
    };
    await Promise.all(ranges.map(compare));
  }
}

async function compareLines(content: string | Uint8Array, chunkBytes: number, ranges: readonly number[], limit = 1000) {
  const path = fileOf(content);
  const expected = await outcomeOf(lineSource(path, {}, 1000));
  const compare = async (count: number): Promise<void> => {
    const outcome = await outcomeOf(lineSource(path, {}, chunkBytes, count), limit);
    assert.deepEqual(outcome, expected, `${JSON.stringify(content)} in ${count} ranges`);
  };
  await Promise.all(ranges.map(compare));
}

/** A file of JSON lines as one reader and as ranges give it, as {@link compareCsv} does. */
async function compareJson(content: string | Uint8Array, chunkBytes: number, ranges: readonly number[], limit = 1000) {
  const path = fileOf(content, '.json');
  for (const badRecords of ['skip', 'fail'] as const) {
    const how = { badRecords, recordBytesMax: 60 };
    const expected = await outcomeOf(jsonSource(path, jsonFields, how, 1000), limit);
    const compare = async (count: number): Promise<void> => {
      const outcome = await outcomeOf(jsonSource(path, jsonFields, how, chunkBytes, count), limit);
      assert.deepEqual(outcome, expected, `${JSON.stringify(content)} in ${count} ranges of JSON, ${badRecords}`);
    };
    await Promise.all(ranges.map(compare));
  }
}
const jsonFields = { a: t.string() };

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

/** Files with something on every border. */
const SMALL_FILES: readonly (string | Buffer)[] = [
  '',
  '\n',
  'x',
  '\n\n\r\n\n',
  'a,b\n',
  'a,b\nc,d\ne,f',
  'a,b\r\nc,d\r\n\r\ne,f\r\n',
  '\ufeffa,b\nc,d\n',
  '\ufeff"a,\n",b\n"c",d\n',
  'é,日本\n😀,"ü\n😀"\nß,ß\n',
  '"a\nb","c\r\nd"\n"""",""\n"","\n"\n',
  'a"b,c"d\n"e"f,g\n"h",i"\nj,k\n',
  '"a",b\n"open,c\nd,e\n"f",g\nh,"i"\n',
  'a,b\n"never closed\nc,d\n\ne,"f\ng,h',
  '"a"\r,b\nc,"d"\r\n"e"\rx\nf,g\r',
  'bad\na,b\nbad,bad,bad\n"a\n",b,\nc,d\n',
  `${'x'.repeat(30)},y\na,b\n${'z'.repeat(30)},"${'\n'.repeat(20)}"\nc,d\n`,
  Buffer.from([0x61, 0x2c, 0xff, 0x0a, 0xc3, 0x2c, 0x28, 0x0a, 0xf0, 0x9f, 0x0a, 0x62, 0x2c, 0x63]),
];

test('small files, in every number of ranges, with chunks of every length', async () => {
  for (const content of SMALL_FILES) {
    const every = someOrAll(upTo(content.length + 2), 8);
    const some = [2, 3, 7, content.length];
    for (const [chunkBytes, ranges] of [
      [1000, every],
      [1, some],
      [2, some],
      [3, some],
    ] as const) {
      await compareLines(content, chunkBytes, ranges);
      await compareCsv(content, { chunkBytes }, ranges);
    }
  }
});

test('every text of a few quotes, delimiters and line ends, each byte a range of its own', async () => {
  const symbols = ['"', ',', '\n', 'x'];
  let texts = [''];
  for (let length = 1; length <= shortOrLong(3, 4); length++) {
    texts = texts.flatMap((text) => symbols.map((symbol) => text + symbol));
    for (const text of texts) await compareCsv(text, { chunkBytes: 1000 }, [2, length]);
  }
});

const piece = fc.oneof(
  fc.constantFrom(
    '"',
    '""',
    ',',
    '\n',
    '\r\n',
    '\r',
    'é',
    '日本',
    '😀',
    '\ufeff',
    'a,b\n',
    '"a\nb",c\n',
    '","',
    '"\n"',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const content = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

test('any text in any number of ranges, chunks of any length', async () => {
  const small = fc.integer({ min: 1, max: 60 });
  await fc.assert(
    fc.asyncProperty(content, small, small, fc.integer({ min: 1, max: 4 }), async (text, chunk, count, limit) => {
      await compareLines(text, chunk, [count], limit);
      await compareCsv(text, { chunkBytes: chunk }, [count], {}, limit);
    }),
    { numRuns: shortOrLong(40, 100) },
  );
});

const jsonPiece = fc.oneof(
  fc.constantFrom(
    '{"a":"x"}\n',
    '{"a":"é日本😀"}\r\n',
    '{"a":1}\n',
    '\n',
    '  \n',
    '\ufeff',
    '{"a":',
    'bad\n',
    '{"a":"\\n"}\n',
  ),
  fc.constantFrom(`{"a":"${'y'.repeat(40)}"}\n`, `{"a":"${'z'.repeat(80)}"}\n`),
);

test('JSON lines in any number of ranges, chunks of any length: bad ones with their numbers, too long ones as well', async () => {
  const small = fc.integer({ min: 1, max: 60 });
  const lines = fc.array(jsonPiece, { maxLength: 20 }).map((pieces) => pieces.join(''));
  await fc.assert(
    fc.asyncProperty(lines, small, small, fc.integer({ min: 1, max: 4 }), async (text, chunk, count, limit) => {
      await compareJson(text, chunk, [count], limit);
    }),
    { numRuns: shortOrLong(60, 300) },
  );
  for (const text of SMALL_FILES) await compareJson(text, 3, [2, 3, 7]);
  const some = '{"a":"x"}\nbad\n\n{"a":"é"}\n{"a":5}\n{"a":"last"}';
  for (const chunkBytes of [1, 2, 1000]) await compareJson(some, chunkBytes, upTo(some.length + 2));
});

test('records that are given up for their length, whatever the range that they begin in', async () => {
  const recordBytesMax = fc.integer({ min: 4, max: 40 });
  const chunk = fc.integer({ min: 1, max: 8 });
  await fc.assert(
    fc.asyncProperty(
      content,
      recordBytesMax,
      chunk,
      fc.integer({ min: 2, max: 30 }),
      async (text, max, chunkBytes, count) => {
        const sizes = { chunkBytes, recordBytesMax: max };
        await compareCsv(text, sizes, [count], {}, 7);
      },
    ),
    { numRuns: shortOrLong(40, 200) },
  );
});

test('a record that is given up is told with the quotes that its first line ends in, wherever chunks end', async () => {
  const texts = ['"a\nb",c\n', 'a,"b\n","c\n",d\n', '"a\n","b\n', 'x,"a\nb"c,"d\n"\ny,z\n'];
  for (const text of texts) {
    for (const recordBytesMax of [4, 5, 6, 100]) {
      for (const chunkBytes of [1, 2, 3, 1000]) await compareCsv(text, { chunkBytes, recordBytesMax }, [1, 2, 3]);
    }
  }
});

test('a header is the first record of the first range, and the columns of all', async () => {
  const text = '\ufeff"b","x\n""y",a\nb1,x1,"a\n1"\nb2,"x\n2",a2\n"b3",x3\nb4,x4,a4\n';
  for (const chunkBytes of [1, 1000]) {
    await compareCsv(text, { chunkBytes }, someOrAll(upTo(text.length), 8), { header: true });
  }
  const lacking = csvSource(fileOf('a,c\n1,2\n'), csvFields, { header: true }, 10, 3);
  for (const { error } of await drainEach(lacking)) assert.match(String(messageOf(error)), /lacks the column 'b'/);
});

test('other delimiters', async () => {
  await compareCsv('"a;\n";b\n"c,\n";d\n,"e";f\n', { chunkBytes: 2 }, upTo(30), { delimiter: ';' });
});

test('a range goes on at each of its positions, and needs nothing but its memory for it', async () => {
  const skipBad = { badRecords: 'skip' } as const;
  const text = 'a,b\n"c\n\n",d\nbad\n"e",f\n\n"g\n",h\ni,"\n"\nj,k\nl,m\n';
  for (const ranges of [1, 2, 3, 5, 9]) {
    const csv = csvSource(fileOf(text), csvFields, { badRecords: 'skip' }, 3, ranges);
    const lines = lineSource(fileOf(text), {}, 3, ranges);
    const objects = jsonSource(
      fileOf('{"a":"x"}\nbad\n\n{"a":"é"}\n{"a":5}\n{"a":"y"}\n'),
      jsonFields,
      skipBad,
      3,
      ranges,
    );
    for (const source of [csv, lines, objects] as Source<unknown>[]) {
      const memoryOf = memoriesOf(ranges);
      for (let partition = 0; partition < ranges; partition++) {
        const seen: { position: unknown; count: number; bad: number }[] = [];
        const [rejected, part] = [[], { partition, memoryOf, memory: memoryOf(partition) }];
        const after = (position: unknown, count: number) => seen.push({ position, count, bad: rejected.length });
        const all = await drain(source, { ...part, limit: 1, rejected, after });
        for (const { position, count, bad } of seen) {
          // Also by whoever knows nothing, as when the job is begun anew from a position.
          for (const memories of [memoryOf, memoriesOf(ranges)]) {
            const again: [] = [];
            const rest = await drain(source, {
              ...part,
              memoryOf: memories,
              memory: memories(partition),
              position,
              rejected: again,
            });
            assert.deepEqual(rest, all.slice(count));
            assert.deepEqual(again, rejected.slice(bad));
          }
        }
      }
    }
  }
});

test('a file that cannot be read from its middle is one range, and the others are empty', async () => {
  const text = 'a,b\nc,d\ne,f\n';
  const zipped = jsonSource(fileOf(gzipSync('{"a":"x"}\n{"a":"y"}\n'), '.gz'), jsonFields, {}, 5, 4);
  assert.deepEqual(
    (await drainEach(zipped)).map(({ tuples }) => tuples),
    [[{ a: 'x' }, { a: 'y' }], [], [], []],
  );
  const [first, ...others] = await drainEach(lineSource(fileOf(gzipSync(text), '.gz'), {}, 5, 4));
  assert.deepEqual(first.tuples, [{ line: 'a,b' }, { line: 'c,d' }, { line: 'e,f' }]);
  for (const { tuples, error } of others) assert.deepEqual([tuples, error], [[], undefined]);
});

test('files of a list are cut each by itself, and short ones are dealt out as without ranges', async () => {
  const texts = ['a\nb\nc\nd\n', 'e\n', '', 'f\ng\nh\n'];
  const paths = texts.map((text) => fileOf(text));
  const source = filesInRanges(
    paths.map((path) => linesOfFile(path, UNKNOWN_FORMAT, 10, 1)),
    3,
  );
  assert.equal(partitionsOf(source), 12);
  const parts = await drainEach(source);
  const lines = parts.flatMap(({ tuples }) => tuples.map(({ line }) => line));
  assert.deepEqual(lines.sort(), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  // Whole files, as they are too short: each of two replicas, which have eight partitions each, reads two of the four.
  const whole = filesInRanges(
    paths.map((path) => linesOfFile(path, UNKNOWN_FORMAT, 10, 1000)),
    4,
  );
  const filesOf = async (from: number, to: number) =>
    (await drainEach(whole)).slice(from, to).flatMap(({ tuples }) => tuples.map(({ line }) => line));
  assert.deepEqual((await filesOf(0, 8)).sort(), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual((await filesOf(8, 16)).sort(), ['f', 'g', 'h']);
});

test('as many ranges as are asked for, or as there may be replicas', () => {
  const of = (ranges: number | 'auto', replicas: number, paths: string | string[] = 'f') =>
    partitionsOf(cutFor(readLines(paths, { ranges }), replicas));
  assert.equal(of(1, 4), 1);
  assert.equal(of(7, 4), 7);
  assert.equal(of('auto', 4), 4);
  assert.equal(of('auto', 1), 1);
  assert.equal(of('auto', 3, ['f', 'g']), 6);
  assert.equal(partitionsOf(cutFor(readLines('f'), 4, true)), 4);
  const many = Array.from({ length: 100 }, (_, i) => `f${i}`);
  assert.equal(of('auto', 4, many), 200);
  assert.throws(() => readLines(many, { ranges: 3 }), {
    code: 'BAD_OPTION',
    message: /ranges.*at most 2 for 100 files/,
  });
  for (const ranges of [0, 1.5, 257, 'all', null]) {
    assert.throws(() => readLines('f', { ranges } as never), { code: 'BAD_OPTION' }, String(ranges));
  }
});
