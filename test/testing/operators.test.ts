// Goal: an operator that is right behaves in the kit as in a job, whatever is switched on: emissions, state, dead letters,
// sinks, the end of the input, time; and what the kit is told wrong is a clear error.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { dataflow, t } from '../../src/index.ts';
import { writeLines } from '../../src/sinks.ts';
import { generate, push } from '../../src/sources.ts';
import { type TestOptions, testOperator } from '../../src/testing.ts';
import { ledger, wordCount } from '../kit/flows/tested.ts';
import { rejection, thrown } from '../kit/run-flow.ts';
import { newPath } from '../kit/temporary-files.ts';

const COMBINATIONS = [
  { rollback: true, restore: true },
  { rollback: true, restore: false },
  { rollback: false, restore: true },
  { rollback: false, restore: false },
];

const words = (text: string): { word: string }[] => text.split(' ').map((word) => ({ word }));

for (const disturbances of COMBINATIONS) {
  const told = JSON.stringify(disturbances);

  test(`a keyed operator with those fused behind it, ${told}`, () => {
    const count = testOperator(wordCount, 'count', disturbances);
    count.feed({ word: 'to' });
    assert.deepEqual(count.emitted(), [{ word: 'TO', times: 1 }]);
    count.feed(words('be or a not to be'));
    assert.deepEqual(count.emitted(), [
      { word: 'BE', times: 1 },
      { word: 'OR', times: 1 },
      { word: 'NOT', times: 1 },
      { word: 'TO', times: 2 },
      { word: 'BE', times: 2 },
    ]);
    assert.deepEqual(count.emitted(), [], 'each tuple once');
    assert.deepEqual(count.state.get('to'), { times: 2 });
    assert.equal(count.state.get('that'), undefined);
    assert.deepEqual(
      count.state.entries().map(({ key, value }) => [key.word, value.times]),
      [
        ['a', 1],
        ['be', 2],
        ['not', 1],
        ['or', 1],
        ['to', 2],
      ],
    );
    count.end();
    assert.deepEqual(
      count.emitted().sort((a, b) => (String(a.word) < String(b.word) ? -1 : 1)),
      [
        { word: 'BE', times: 2000 },
        { word: 'NOT', times: 1000 },
        { word: 'OR', times: 1000 },
        { word: 'TO', times: 2000 },
      ],
    );
    count.close();
  });

  test(`a tuple that fails is a dead letter, and the others of its batch count, ${told}`, () => {
    const count = testOperator(wordCount, 'count', { ...disturbances, alone: true });
    count.feed(words('sweet poison sweet'));
    count.feed(words('poison'));
    assert.deepEqual(count.emitted(), [
      { word: 'sweet', times: 1 },
      { word: 'sweet', times: 2 },
    ]);
    const letters = count.deadLetters();
    assert.deepEqual(
      letters.map(({ operator, replica, key, tuple, error }) => ({
        operator,
        replica,
        key,
        tuple,
        text: error.message,
      })),
      Array(2).fill({
        operator: 'count',
        replica: 0,
        key: 'poison',
        tuple: { word: 'poison' },
        text: 'a poisonous word',
      }),
    );
    assert.match(letters[0].position, /^row 1 of the frame at \d+ from 'short'$/);
    assert.deepEqual(count.deadLetters(), []);
  });

  test(`all kinds of state, tables and removed keys, ${told}`, () => {
    const book = testOperator(ledger, 'book', disturbances);
    const model = new Map<string, { sum: number; rows: Map<number, number>; all: number[] }>();
    for (let from = 0; from < 45; ) {
      const tuples = Array.from({ length: 1 + (from % 12) }, (_, i) => from + i).map((n) => {
        return { who: `k${n % 3}`, n, at: n % 2 };
      });
      from += tuples.length;
      const expected = tuples.map(({ who, n, at }) => {
        const row = model.get(`${who} ${at}`) ?? { sum: 0, rows: new Map<number, number>(), all: [] };
        model.set(`${who} ${at}`, row);
        row.sum += n;
        row.all = [...row.all, n].slice(-3);
        row.rows.set(n % 7, n);
        if (n % 3 === 0) row.rows.delete((n + 1) % 7);
        const rows = [...row.rows].sort(([a], [b]) => a - b);
        if (n % 10 === 9) model.delete(`${who} ${at}`);
        return { who, sum: row.sum, rows };
      });
      book.feed(tuples);
      assert.deepEqual(book.emitted(), expected);
    }
    for (const [key, { sum, rows, all }] of model) {
      const [who, at] = key.split(' ');
      const row = book.state.get(who, Number(at));
      assert.equal(row?.sum, sum);
      assert.deepEqual(row?.all, all);
      const recent = [...rows].sort(([a], [b]) => a - b).map(([place, n]) => ({ place, n, text: `${n}` }));
      assert.deepEqual(row?.recent, recent, 'rows of a table come in the order of their keys');
    }
    assert.equal(book.state.entries().length, model.size);
  });

  test(`a sink is written to for real, each tuple once, ${told}`, () => {
    const path = newPath();
    const out = testOperator(toFile, 'double', { ...disturbances, params: { path } });
    out.feed([{ n: 1 }, { n: 2 }, { n: 13 }]);
    out.feed({ n: 3 });
    assert.deepEqual(out.written(), [{ n: 2 }, { n: 4 }, { n: 6 }]);
    assert.deepEqual(out.written(), []);
    assert.equal(readFileSync(path, 'utf8'), '2\n4\n6\n');
    assert.deepEqual(
      out.deadLetters().map(({ operator, error }) => [operator, error.message]),
      [['file', 'unlucky']],
    );
    out.end();
    out.close();
    assert.equal(readFileSync(path, 'utf8'), '2\n4\n6\n');
  });
}

const toFile = dataflow(import.meta.url, 'to-file', (flow, { path }: { path: string }) =>
  flow
    .source('numbers', push({ n: t.u32() }))
    .map('double', { n: t.u32() }, ({ n }) => ({ n: n * 2 }), { fuse: false })
    .to(
      'file',
      writeLines<{ n: number }>(path, ({ n }) => {
        if (n === 26) throw new Error('unlucky');
        return `${n}`;
      }),
    ),
);

test('a sink is not opened with openSink: false, but what it would get is noted', () => {
  const path = newPath();
  const out = testOperator(toFile, 'file', { params: { path }, openSink: false });
  out.feed([{ n: 1 }, { n: 2 }]);
  assert.deepEqual(out.written(), [{ n: 1 }, { n: 2 }]);
  assert.deepEqual(out.emitted(), []);
  assert.equal(existsSync(path), false);
});

test('any operator of a fused chain can be named: it runs with those behind it, or alone', () => {
  const tuples = [{ line: 'a bee  sees' }, { line: '' }, { line: 'unconstitutional seas' }];
  const through = (operator: string, alone: boolean): unknown[] => {
    const test = testOperator(wordCount, operator, { alone });
    test.feed(tuples);
    return test.emitted().map(({ word, line }) => word ?? line);
  };
  assert.deepEqual(through('shorten', false), ['a', 'bee', 'sees', 'seas']);
  assert.deepEqual(through('words', false), ['a', 'bee', 'sees', 'seas']);
  assert.deepEqual(through('words', true), ['a', 'bee', 'sees', 'unconstitutional', 'seas']);
  assert.deepEqual(through('shorten', true), ['a bee  sees', '', 'unconstitutional seas']);
  const short = testOperator(wordCount, 'short', { params: { longest: 3 } });
  short.feed(words('a bee sees'));
  assert.deepEqual(short.emitted(), words('a bee'), 'params reach the build function');
});

test('a failure in a fused chain names the operator whose closure failed', () => {
  const flow = dataflow(import.meta.url, 'chain', (builder) =>
    builder
      .source('numbers', push({ n: t.u32() }))
      .map('first', { n: t.u32() }, ({ n }) => ({ n }))
      .map('second', { n: t.u8() }, ({ n }) => ({ n }))
      .forEach('last', () => {}),
  );
  const first = testOperator(flow, 'first');
  first.feed([{ n: 255 }, { n: 256 }]);
  const [{ operator, tuple, error }] = first.deadLetters();
  assert.deepEqual({ operator, tuple }, { operator: 'second', tuple: { n: 256 } });
  assert.match(error.message, /field 'n' of operator 'second' is u8.*got 256/);
});

test('types of tuples and rows, given as type arguments', () => {
  type Word = { word: string };
  type Counted = Word & { times: number };
  const count = testOperator<Word, Counted, { times: number }>(wordCount, 'count');
  count.feed({ word: 'typed' });
  const [{ times }] = count.emitted();
  const state: number | undefined = count.state.get('typed')?.times;
  assert.equal(times + (state ?? 0), 2);
});

test('a tuple that does not fit the input is refused, and so is the whole list', () => {
  const count = testOperator(wordCount, 'count');
  const wrong = (tuples: unknown, code: 'BAD_VALUE' | 'UNKNOWN_FIELD', text: RegExp): void =>
    assert.match(thrown(() => count.feed(tuples as Record<string, unknown>), code).message, text);
  wrong({ word: 7 }, 'BAD_VALUE', /field 'word' of operator 'short' is dictionary, which takes a string; got 7/);
  wrong({}, 'BAD_VALUE', /got undefined: set the field in every tuple/);
  wrong({ word: 'a', times: 1 }, 'UNKNOWN_FIELD', /with the field 'times'/);
  wrong(null, 'BAD_VALUE', /emitted null: a tuple is an object/);
  wrong([{ word: 'first' }, { word: false }], 'BAD_VALUE', /got false/);
  count.feed([]);
  count.feed({ word: 'second' });
  assert.deepEqual(count.emitted(), [{ word: 'SECOND', times: 1 }]);
  assert.equal(count.state.get('first'), undefined);
});

test('json that cannot be packed is refused after other tuples of its list were taken', () => {
  const flow = dataflow(import.meta.url, 'json', (builder) =>
    builder
      .source('values', push({ value: t.json() }))
      .filter('all', () => true)
      .collect('out'),
  );
  const all = testOperator(flow, 'all');
  thrown(() => all.feed([{ value: 1 }, { value: { call: () => 1 } }]), 'BAD_VALUE');
  all.feed({ value: 2 });
  assert.deepEqual(all.emitted(), [{ value: 2 }]);
});

test('lingerMs: tuples wait for the clock of the test, and the end', () => {
  const count = testOperator(wordCount, 'count', { lingerMs: 100 });
  count.feed({ word: 'slow' });
  count.advance(60);
  count.feed(words('and steady'));
  assert.deepEqual([count.emitted(), count.state.entries()], [[], []]);
  count.advance(39.5);
  assert.deepEqual(count.emitted(), []);
  count.advance(0.5);
  assert.equal(count.emitted().length, 3, 'a batch is as old as its first tuple');
  count.feed({ word: 'and' });
  count.advance(99);
  assert.deepEqual(count.emitted(), []);
  count.end();
  assert.deepEqual(count.emitted()[0], { word: 'AND', times: 2 });
  thrown(() => count.advance(-1), 'BAD_OPTION');
  thrown(() => count.advance(Number.NaN), 'BAD_OPTION');
});

test('what does not fit the ring, in or out, waits and comes through', () => {
  const count = testOperator(wordCount, 'words', { ringBytes: 4096, restore: false, alone: true });
  const long = Array.from({ length: 120 }, (_, i) => `word-${i}`);
  count.feed(Array.from({ length: 30 }, () => ({ line: long.join(' ') })));
  assert.deepEqual(
    count.emitted().map(({ word }) => word),
    Array.from({ length: 30 }, () => long).flat(),
  );
});

test("failure: 'stop' and 'escalate' throw what fails the job; restart() tries again", () => {
  let isDown = true;
  const flow = dataflow(import.meta.url, 'failing', (builder) =>
    builder
      .source('numbers', push({ n: t.u32() }))
      .map(
        'ask',
        { n: t.u32() },
        ({ n }) => {
          if (n === 2 && isDown) throw new Error('the service is down');
          return { n: n * 10 };
        },
        { failure: 'escalate' },
      )
      .collect('out'),
  );
  const ask = testOperator(flow, 'ask');
  const { message } = thrown(() => ask.feed([{ n: 1 }, { n: 2 }, { n: 3 }]), 'OPERATOR_FAILED');
  assert.match(message, /operator 'ask' failed at row 1 of the frame at 0 from 'numbers': the service is down/);
  assert.deepEqual(ask.emitted(), [{ n: 10 }]);
  thrown(() => ask.feed({ n: 4 }), 'OPERATOR_FAILED');
  thrown(() => ask.restart(), 'OPERATOR_FAILED');
  isDown = false;
  ask.restart();
  assert.deepEqual(ask.emitted(), [{ n: 20 }, { n: 30 }]);
  ask.restart();
  ask.feed({ n: 5 });
  assert.deepEqual([ask.emitted(), ask.deadLetters()], [[{ n: 50 }], []]);
});

test('after end() and close() no tuple is taken; end() twice is one end', () => {
  const count = testOperator(wordCount, 'count');
  count.feed({ word: 'last' });
  count.end();
  count.end();
  assert.equal(count.emitted().length, 2);
  assert.match(thrown(() => count.feed({ word: 'more' }), 'JOB_CLOSED').message, /input 'short' takes no more tuples/);
  assert.deepEqual(count.state.get('last'), { times: 1 }, 'state can still be read');
  count.close();
  count.close();
  thrown(() => count.restart(), 'JOB_CLOSED');
});

test('what is no operator to test, and options that are wrong', async () => {
  const { message } = thrown(() => testOperator(wordCount, 'counts'), 'BAD_OPTION');
  assert.match(message, /'counts' is a collect, which runs in the app's own thread.* test one of 'shorten', 'words'/);
  assert.match(thrown(() => testOperator(wordCount, 'lines'), 'BAD_OPTION').message, /'lines' is a push source/);
  assert.match(
    thrown(() => testOperator(wordCount, 'cuont'), 'UNKNOWN_NAME').message,
    /use one of 'shorten', .*'count'/,
  );
  thrown(() => testOperator({} as never, 'count'), 'BAD_OPTION');
  thrown(() => testOperator(wordCount, 'count', { rollBack: true } as never), 'BAD_OPTION');
  thrown(() => testOperator(wordCount, 'count', { restore: 1 } as never), 'BAD_OPTION');
  thrown(() => testOperator(wordCount, 'count', null as never), 'BAD_OPTION');
  thrown(() => testOperator(wordCount, 'count', { ringBytes: 1 }), 'BAD_OPTION');
  thrown(() => testOperator(wordCount, 'count', { params: { longest: () => 1 } as never }), 'BAD_OPTION');
  const shorten = testOperator(wordCount, 'shorten');
  assert.match(thrown(() => shorten.state.get('a'), 'UNKNOWN_NAME').message, /no operator with state 'shorten'/);
  assert.match((await rejection(shorten.read(), 'BAD_OPTION')).message, /'shorten' is no source: .* feed\(\)/);
  const count = testOperator(wordCount, 'count');
  thrown(() => count.state.get(), 'BAD_KEY');
  thrown(() => count.state.get(1), 'BAD_KEY');
  const source = testOperator(ledger, 'entries');
  assert.match(thrown(() => source.feed({}), 'BAD_OPTION').message, /'entries' is a source.* call read\(\)/);
  thrown(() => source.end(), 'BAD_OPTION');
});

test('params are cloned for each build, as for each worker', () => {
  const params = { seen: [] as number[] };
  const flow = dataflow(import.meta.url, 'params', (builder, { seen }: { seen: number[] }) =>
    builder
      .source(
        'numbers',
        generate({ n: t.u32() }, (n) => ({ n })),
      )
      .map('note', { n: t.u32() }, ({ n }) => ({ n: n + seen.length }))
      .collect('out'),
  );
  const note = testOperator(flow, 'note', { params });
  params.seen.push(1);
  note.feed([{ n: 1 }, { n: 2 }]);
  assert.deepEqual(note.emitted(), [{ n: 1 }, { n: 2 }]);
});

test('a batch is run, rolled back, and run tuple by tuple, each time with fresh closures; and once undisturbed', () => {
  const calls: string[] = [];
  let builds = 0;
  const flow = dataflow(import.meta.url, 'calls', (builder) => {
    const build = ++builds;
    return builder
      .source('numbers', push({ n: t.u32() }))
      .keyBy('n')
      .process('note', { state: { seen: t.u32() } }, ({ n }, state) => {
        calls.push(`${build}:${n}`);
        state.seen += 1;
      });
  });
  const feed = (options: TestOptions): string => {
    calls.length = 0;
    builds = 0;
    const note = testOperator(flow, 'note', options);
    note.feed([{ n: 5 }, { n: 6 }, { n: 5 }]);
    note.feed({ n: 7 });
    assert.deepEqual(
      note.state.entries().map(({ key, value }) => [key.n, value.seen]),
      [
        [5, 2],
        [6, 1],
        [7, 1],
      ],
    );
    return calls.join(' ');
  };
  // Build 1 is the first of the actor under test, build 2 the undisturbed one's.
  assert.equal(feed({}), '1:5 1:6 1:5 1:5 3:6 4:5 2:5 2:6 2:5 5:7 5:7 2:7');
  assert.equal(feed({ rollback: false }), '1:5 3:6 4:5 2:5 2:6 2:5 5:7 2:7');
  assert.equal(feed({ restore: false }), '1:5 1:6 1:5 1:5 1:6 1:5 2:5 2:6 2:5 1:7 1:7 2:7');
  assert.equal(feed({ rollback: false, restore: false }), '1:5 1:6 1:5 1:7');
});

test('a tuple that emits more than its ring holds is committed once all the same', () => {
  const flow = dataflow(import.meta.url, 'burst', (builder) =>
    builder
      .source('numbers', push({ n: t.u32() }))
      .keyBy('n')
      .process('burst', { state: { seen: t.u32() }, output: { n: t.u32(), i: t.u32() } }, ({ n }, state, emit) => {
        state.seen += 1;
        for (let i = 0; i < 20_000; i++) emit({ n, i });
      })
      .collect('out'),
  );
  for (const options of COMBINATIONS) {
    const burst = testOperator(flow, 'burst', { ...options, ringBytes: 1 << 14 });
    burst.feed([{ n: 1 }, { n: 2 }, { n: 1 }]);
    const emitted = burst.emitted();
    assert.equal(emitted.length, 60_000);
    assert.ok(emitted.every(({ n, i }, at) => n === [1, 2, 1][Math.floor(at / 20_000)] && i === at % 20_000));
    assert.deepEqual([burst.state.get(1), burst.state.get(2)], [{ seen: 2 }, { seen: 1 }]);
  }
});

test('a sink that cannot be opened or written to is an error, and no fault of the operator', () => {
  const failing = (call: 'open' | 'flush') =>
    dataflow(import.meta.url, 'bad-sink', (builder) =>
      builder.source('numbers', push({ n: t.u32() })).to('out', {
        open: () => {
          if (call === 'open') throw new Error('no disk');
          const flush = () => {
            throw new Error('disk full');
          };
          return { write() {}, flush, rollback() {}, close() {} };
        },
      }),
    );
  assert.match(thrown(() => testOperator(failing('open'), 'out'), 'SINK_FAILED').message, /sink 'out' failed: no disk/);
  const out = testOperator(failing('flush'), 'out');
  assert.match(thrown(() => out.feed({ n: 1 }), 'SINK_FAILED').message, /disk full/);
  thrown(() => out.feed({ n: 2 }), 'SINK_FAILED');
  assert.deepEqual(out.written(), []);
});

test('nothing is left behind: no timer, no thread, no port', () => {
  const before = process.getActiveResourcesInfo().length;
  const count = testOperator(wordCount, 'count');
  count.feed(words('a b c'));
  assert.equal(process.getActiveResourcesInfo().length, before);
});
