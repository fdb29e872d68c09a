// Goal: a closure whose result is a promise, an iterator or tuples that nobody reads fails the job with an error that says what
// to use; it is refused at the declaration where that can be seen, and by the compiler; and an emit that comes too late is an error.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { dataflow, type MillraceError, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { ASYNC_KINDS, asyncClosures, lateEmit } from '../kit/flows/async-closures.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, rejection, thrown } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';
import { newPath } from '../kit/temporary-files.ts';

const N = { n: t.u32() };

for (const kind of ASYNC_KINDS) {
  for (const fuse of [true, false]) {
    test(`${kind}, ${fuse ? 'fused' : 'by itself'}: ASYNC_CLOSURE, no result and no dead letter`, async () => {
      const job = LocalJob.of(asyncClosures, { params: { kind, fuse, file: newPath('out.txt') } });
      await job.openSources();
      let failure: { cause?: MillraceError } | undefined;
      await assert.rejects(job.runAsync({ choose: randomOf(1) }), (error: { cause: MillraceError }) => {
        failure = error;
        return true;
      });
      assert.equal(failure?.cause?.code, 'ASYNC_CLOSURE', String(failure));
      assert.match(failure?.cause?.message ?? '', /operator 'bad' (returned|is)/);
      assert.deepEqual([job.letters, job.tuples.get('out') ?? []], [[], []]);
      for (const actor of job.actors) actor.release();
    });
  }
}

test('on worker threads the job fails at once, and no promise that rejects ends a worker before', async () => {
  for (const kind of ['process', 'forEach rejects'] as const) {
    const job = await asyncClosures.run({ params: { kind, fuse: true, file: '' }, workers: 1 });
    let crashes = 0;
    job.on(
      'crash',
      () => {
        crashes++;
      },
      { past: true },
    );
    const error = await rejection(job.done, 'ASYNC_CLOSURE');
    assert.equal(error.details.operator, 'bad');
    assert.equal(crashes, 0);
  }
  await noThreadLeft();
});

test('what can be seen at the declaration is refused there', async () => {
  const async = async (): Promise<void> => {};
  const numbers = generate(N, (n) => ({ n }), { count: 1 });
  const builds: ((source: ReturnType<typeof stream>) => unknown)[] = [
    (s) => s.map('x', N, async as never),
    (s) => s.filter('x', async as never),
    (s) => s.flatMap('x', N, function* () {} as never),
    (s) => s.flatMap('x', N, async function* () {} as never),
    (s) => s.forEach('x', async as never),
    (s) => s.keyBy('n').process('x', { state: { c: t.u32() } }, async as never),
    (s) => s.keyBy('n').process('x', { state: { c: t.u32() } }, () => {}, { end: async as never }),
  ];
  const stream = (flow: Parameters<Parameters<typeof dataflow>[2]>[0]) => flow.source('numbers', numbers);
  for (const build of builds) {
    const flow = dataflow(import.meta.url, 'declared', (builder) => void build(stream(builder)));
    thrown(() => buildGraph(flow, {}), 'ASYNC_CLOSURE');
  }
  const made = dataflow(import.meta.url, 'made', (flow) => void flow.source('x', generate(N, async as never)));
  thrown(() => buildGraph(made, {}), 'ASYNC_CLOSURE');
});

test('tuples that a flatMap returns instead of emitting them: RETURNED_TUPLES', () => {
  const flow = dataflow(import.meta.url, 'returned', (builder) =>
    builder
      .source(
        'numbers',
        generate(N, (n) => ({ n }), { count: 3 }),
      )
      .flatMap('words', N, ({ n }) => [{ n }, { n }] as never)
      .collect('out'),
  );
  const job = LocalJob.of(flow, {});
  assert.throws(
    () => job.run(randomOf(1)),
    (error: { cause: MillraceError }) => error.cause.code === 'RETURNED_TUPLES',
  );
  for (const actor of job.actors) actor.release();
});

test('other results of closures whose result is not used are ignored', () => {
  const flow = dataflow(import.meta.url, 'ignored', (builder) =>
    builder
      .source(
        'numbers',
        generate(N, (n) => ({ n }), { count: 3 }),
      )
      .flatMap('words', N, ({ n }, emit) => [n, n].map((each) => emit({ n: each })))
      .keyBy('n')
      .process('count', { state: { c: t.u32() }, output: N }, ({ n }, state, emit) => {
        emit({ n });
        return state.c++;
      })
      .collect('out'),
  );
  const job = LocalJob.of(flow, {});
  job.run(randomOf(1));
  assert.equal(job.tuples.get('out')?.length, 6);
});

for (const fuse of [true, false]) {
  test(`emit from a timer, ${fuse ? 'before a fused operator' : 'as the last of its chain'}: LATE_EMIT ends the job`, async () => {
    const job = await lateEmit.run({ params: { fuse }, workers: 1, notices: false });
    const error = await rejection(job.done, 'LATE_EMIT');
    assert.equal(error.details.operator, 'late');
    await noThreadLeft();
  });
}

test('the compiler refuses async closures', () => {
  const flow = dataflow(import.meta.url, 'typed', (builder) => {
    const numbers = builder.source(
      'numbers',
      generate(N, (n) => ({ n }), { count: 1 }),
    );
    // @ts-expect-error a promise is no tuple
    numbers.map('a', N, async ({ n }) => ({ n }));
    // @ts-expect-error a promise is no boolean
    numbers.filter('b', async () => false);
    // @ts-expect-error nobody awaits it
    numbers.flatMap('c', N, async ({ n }, emit) => emit({ n }));
    // @ts-expect-error nobody iterates over it
    numbers.flatMap('d', N, function* ({ n }) {
      yield { n };
    });
    // @ts-expect-error nobody awaits it
    numbers.forEach('e', async () => {});
    // @ts-expect-error nobody awaits it
    numbers.keyBy('n').process('f', { state: { c: t.u32() } }, async (_, state) => void state.c++);
    // @ts-expect-error an argument too many
    numbers.keyBy('n').process('g', { state: { c: t.u32() } }, () => {}, {}, { end: () => {} });
  });
  thrown(() => buildGraph(flow, {}), 'ASYNC_CLOSURE');
});
