// Goal: an operator may have several outputs by name. Each is a stream with its own schema, consumers, watermark and end; all of them
// are rolled back together; the operator runs once for each tuple; what goes to an output that nobody reads is counted and costs
// nothing; a name that was not declared does not compile, and is a typed error all the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { planOf } from '../../src/flow/plan.ts';
import { dataflow, type Field, type Job, MillraceError, outputs, type Stream, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { sides } from '../kit/flows/crash-cases.ts';
import {
  expectedOf,
  isPoison,
  misspelt,
  type ParsedParams,
  parsed,
  twoSides,
  unheard,
} from '../kit/flows/side-outputs.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const PARAMS: ParsedParams = { count: 700, fuse: true, poisonEvery: 0, parallelism: 1 };
const OUTPUTS = ['odd', 'all', 'ends', 'noted', 'broken', 'reasons'] as const;

type Came = Readonly<Record<string, readonly unknown[] | undefined>>;

/** Compares what has come, where there is an order in that, else sorted. */
function assertCame(params: ParsedParams, came: Came): void {
  const expected = expectedOf(params);
  const sorted = (tuples: readonly unknown[] = []) => tuples.map((tuple) => JSON.stringify(tuple)).sort();
  for (const name of OUTPUTS) assert.deepEqual(sorted(came[name]), sorted(expected[name]), name);
  for (const name of ['noted', 'broken', 'reasons'] as const) assert.deepEqual(came[name], expected[name], name);
  if (params.parallelism === 1) assert.deepEqual(came.odd, expected.odd);
}

const outputsOf = (reading: ReturnType<Job['reading']>, operator: string) =>
  reading.operators.find(({ name }) => name === operator)?.outputs;

test('the operator behind one output runs in its actor, and the others leave it', () => {
  const { stages } = planOf(buildGraph(parsed, PARAMS));
  assert.deepEqual(
    stages.slice(0, 3).map(({ operators, outputs: written, unread }) => ({
      operators: operators.map(({ name }) => name),
      outputs: written.map(({ name }) => name),
      unread: unread.length,
    })),
    [
      { operators: ['numbers', 'parse', 'plain', 'double'], outputs: ['broken', 'noted', 'doubled'], unread: 1 },
      { operators: ['count'], outputs: ['odd', 'even', 'ends'], unread: 0 },
      { operators: ['odd'], outputs: [], unread: 0 },
    ],
  );
});

for (const fuse of [true, false]) {
  for (const poisonEvery of [0, 9]) {
    for (const parallelism of [1, 3]) {
      const params = { ...PARAMS, fuse, poisonEvery, parallelism };
      test(`every output is whole, ${JSON.stringify(params)}`, () => {
        for (const seed of [1, 2]) {
          const job = LocalJob.of(parsed, { params, ringBytes: 4096 });
          job.run(randomOf(seed));
          assertCame(params, Object.fromEntries(job.tuples));
          // Each failed once, at one operator.
          const poison = Array.from({ length: params.count }, (_, n) => n).filter((n) => isPoison(poisonEvery, n));
          const parse = job.letters.filter(({ operator }) => operator === 'parse');
          assert.deepEqual(
            parse.map(({ tuple }) => (tuple as { n: number }).n),
            poison,
          );
          for (const { batch } of job.actors as unknown as { batch: { committed: Committed } }[]) {
            for (const { ended, watermark } of batch.committed.cursors.inputs) {
              assert.deepEqual(
                [ended, watermark],
                [true, Number.POSITIVE_INFINITY],
                'each input has its end and its time',
              );
            }
          }
        }
      });
    }
  }
}

test('an aggregate behind one of several outputs is combined in the chain that writes it', () => {
  const [numbers, totals] = planOf(buildGraph(sides, { point: () => {}, count: 10, file: [] })).stages;
  assert.deepEqual(
    numbers.operators.map(({ name }) => name),
    ['numbers', 'fork', 'part', 'totals.combine'],
  );
  assert.deepEqual(
    numbers.outputs.map(({ name }) => name),
    ['side', 'even', 'totals.combine'],
  );
  assert.deepEqual(totals.upstream, [{ stage: 0, output: 2, input: 0 }]);
});

interface Committed {
  readonly cursors: { readonly inputs: readonly { readonly ended: boolean; readonly watermark: number }[] };
}

test('exactly once on threads, while workers are killed and tuples fail', TIMEOUT, async () => {
  const params = { ...PARAMS, count: 2000, poisonEvery: 50, parallelism: 2 };
  const job = await start(parsed, { params, workers: 2, ringBytes: 4096, notices: false });
  const reading = Promise.all(OUTPUTS.map((name) => tuplesOf(job.output(name))));
  for (let kill = 0; kill < 3; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    await job.killWorker(kill % 2).catch(() => {});
  }
  const came = await reading;
  await job.done;
  assertCame(params, Object.fromEntries(OUTPUTS.map((name, i) => [name, came[i]])));
  const { unread, broken } = expectedOf(params);
  const figures = outputsOf(job.reading(), 'parse');
  assert.deepEqual(
    [figures?.unread, figures?.broken],
    [
      { tuples: unread, consumed: false },
      { tuples: broken.length, consumed: true },
    ],
  );
  await noThreadLeft();
});

test('a million tuples for nobody are counted, and have no ring', TIMEOUT, async () => {
  const count = 1_000_000;
  const [stage] = planOf(buildGraph(unheard, { count })).stages;
  assert.deepEqual(
    stage.outputs.map(({ name }) => name),
    ['main'],
  );
  const job = await start(unheard, { params: { count }, workers: 1 });
  const came = await tuplesOf(job.output('out'));
  await job.done;
  assert.equal(came.length, count / 1000);
  assert.deepEqual(outputsOf(job.reading(), 'talk'), {
    main: { tuples: count / 1000, consumed: true },
    aside: { tuples: count, consumed: false },
  });
  await noThreadLeft();
});

test('an output that is read too slowly holds its operator up, and figures say which one', TIMEOUT, async () => {
  const params = { count: 200_000 };
  const job = await start(twoSides, { params, workers: 1, ringBytes: 4096, stallTimeoutMs: 100, notices: false });
  const lefts = tuplesOf(job.output('lefts'));
  const reason = await new Promise<string>((resolve) => {
    job.on('stalled', ({ stall }) => resolve(stall.reason), { past: true });
  });
  assert.match(reason, /'rights' is not read/);
  assert.match(reason, /operator 'part' waits for it/);
  const full = job.topology().edges.find(({ to }) => to === 'rights');
  const open = job.topology().edges.find(({ to }) => to === 'lefts');
  assert.ok((full?.fill ?? 0) > 0.5, `fill of the one that is not read: ${full?.fill}`);
  assert.ok((open?.fill ?? 1) < 0.5, `fill of the other: ${open?.fill}`);
  assert.deepEqual([full?.output, open?.output], ['right', undefined]);
  const rights = await tuplesOf(job.output('rights'));
  assert.deepEqual([(await lefts).length, rights.length], [params.count / 2, params.count / 2]);
  await job.done;
  await noThreadLeft();
});

test('testOperator gives each output, also one that nobody reads in the flow', () => {
  const params = { ...PARAMS, poisonEvery: 9 };
  const parse = testOperator(parsed, 'parse', { params, alone: true });
  parse.feed([
    { key: 1, n: 1 },
    { key: 5, n: 5 },
    { key: 1, n: 8 },
  ]);
  assert.deepEqual(parse.emitted('valid'), [{ key: 1, n: 1, half: 0.5 }]);
  assert.deepEqual(parse.emitted('broken'), [{ n: 5, reason: 'no 5' }]);
  assert.deepEqual(parse.emitted('unread'), [{ n: 1 }, { n: 5 }]);
  assert.equal(parse.deadLetters().length, 1);
  assert.throws(() => parse.emitted('brokne'), { code: 'UNKNOWN_NAME', message: /'valid', 'broken', 'unread'/ });
  assert.throws(() => parse.emitted(), { code: 'UNKNOWN_NAME' });
  parse.close();

  const chain = testOperator(parsed, 'parse', { params });
  chain.feed([
    { key: 1, n: 1 },
    { key: 0, n: 7 },
  ]);
  assert.deepEqual(chain.emitted('double.noted'), [{ n: 1 }]);
  assert.deepEqual(chain.emitted('doubled').length, 2);
  assert.deepEqual(
    chain.deadLetters().map(({ operator }) => operator),
    ['double'],
  );
  chain.close();

  const counted = testOperator(parsed, 'count', { params });
  counted.feed({ key: 3, n: 3, half: 1.5 });
  counted.end();
  assert.deepEqual(counted.emitted('odd').length, 2);
  assert.deepEqual(counted.emitted('even'), []);
  assert.deepEqual(counted.emitted('ends'), [{ key: 3, seen: 1 }]);
  counted.close();
});

test('a name that was not declared: where the flow is built, and where a closure emits', TIMEOUT, async () => {
  const rejected = (where: 'emit' | 'stream' | 'nowhere') => start(misspelt, { params: { where }, notices: false });
  await assert.rejects(rejected('stream'), {
    code: 'UNKNOWN_OUTPUT',
    message: /operator 'parse' has no output 'brokne': use one of 'valid', 'broken'/,
  });
  await assert.rejects(rejected('nowhere'), { code: 'NO_CONSUMER', message: /'parse'/ });
  // No tuple is to blame, so none becomes a dead letter: the job fails at the first one.
  const job = (await rejected('emit')) as unknown as Job;
  const done = assert.rejects(job.done, { code: 'UNKNOWN_OUTPUT', message: /operator 'parse' has no output 'brokne'/ });
  await assert.rejects(tuplesOf(job.output('valid')));
  await done;
  await noThreadLeft();
});

test('outputs that cannot be', () => {
  const wrong = (given: unknown, message: RegExp) =>
    assert.throws(
      () => outputs(given as never),
      (error) => error instanceof MillraceError && error.code === 'BAD_SCHEMA' && message.test(error.message),
    );
  wrong(undefined, /an object of outputs/);
  wrong({}, /an object of outputs/);
  wrong({ 'not-a-name': { n: t.u32() } }, /'not-a-name' cannot be an output's name/);
  wrong({ constructor: { n: t.u32() } }, /'constructor' cannot be an output's name/);
  wrong({ valid: {} }, /output 'valid'.*has no field/);
  wrong({ valid: { n: 'u32' } }, /output 'valid'.*field 'n' has no known type/);
});

test('one output by name is one by name', () => {
  const flow = dataflow(import.meta.url, 'one', (builder) => {
    const made = builder
      .source('in', push({ n: t.u32() }))
      .flatMap('only', outputs({ sole: { n: t.u32() } }), (tuple, emit) => emit.sole(tuple));
    return made.sole.collect('out');
  });
  const only = testOperator(flow, 'only');
  only.feed({ n: 3 });
  assert.deepEqual(only.emitted('sole'), [{ n: 3 }]);
  only.close();
});

test('types: tuples and names of each output; misspelt and double names do not compile', () => {
  dataflow(import.meta.url, 'types', (builder) => {
    const source = builder.source('in', push({ key: t.string(), n: t.u32() }));
    const made = source.flatMap(
      'parse',
      outputs({ valid: { n: t.u32() }, broken: { text: t.string() } }),
      ({ n }, emit) => {
        emit.valid({ n });
        // @ts-expect-error the tuple is one of the other output
        () => emit.valid({ text: '' });
        // @ts-expect-error no output is called so
        () => emit.vaild({ n });
        // @ts-expect-error there are several outputs
        () => emit({ n });
      },
    );
    const valid: Stream<{ n: Field<number> }> = made.valid;
    valid.map('same', { n: t.u32() }, ({ n }) => ({ n })).forEach('end', () => {});
    // @ts-expect-error its tuples are those of the other output
    () => made.broken.map('other', { n: t.u32() }, ({ n }) => ({ n }));
    // @ts-expect-error no output is called so
    () => made.brokne;
    () =>
      outputs({
        // biome-ignore lint/suspicious/noDuplicateObjectKeys: that it does not compile is what is claimed
        one: { n: t.u32() },
        // @ts-expect-error two outputs have one name
        one: { n: t.string() },
      });
    // @ts-expect-error one stream is not several
    () => made.collect('all');
    const { late } = source.keyBy('key').process(
      'count',
      { state: { seen: t.u32() }, output: outputs({ late: { n: t.u32() }, onTime: { key: t.string() } }) },
      ({ n }, state, emit) => {
        state.seen++;
        emit.late({ n });
        // @ts-expect-error no output is called so
        () => emit.last({ n });
      },
      {
        end: ({ key }, { seen }, emit) => {
          emit.onTime({ key });
          // @ts-expect-error the tuple is one of the other output
          () => emit.onTime({ n: seen });
        },
        onTimer: ({ key }, _state, emit) => emit.onTime({ key }),
      },
    );
    return late.collect('late');
  });
});
