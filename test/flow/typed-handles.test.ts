// Goal: what a build function returns tells the types of the job's outputs and inputs, inline flows included; the compiler refuses
// other names and other tuples.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataflow, type InputsOf, type JobInput, type JobOutput, type OutputsOf, t } from '../../src/index.ts';
import { fromIterable, push } from '../../src/sources.ts';

const N = { n: t.u32() };
const NAMED = { n: t.u32(), name: t.string() };

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;
/** Compiles only for true. */
const holds = <_Claim extends true>(): void => {};

const chained = dataflow(import.meta.url, 'chained', (flow) =>
  flow
    .source('in', push(N))
    .map('name', NAMED, ({ n }) => ({ n, name: `${n}` }))
    .filter('all', () => true)
    .keyBy('n')
    .process('count', { state: { seen: t.u32() }, output: NAMED }, (tuple, _state, emit) => emit(tuple))
    .unordered()
    .flatMap('again', NAMED, (tuple, emit) => emit(tuple))
    .collect('out'),
);

const merged = dataflow(import.meta.url, 'merged', (flow) => {
  const one = flow.source('one', push(N));
  const other = flow.source('other', push(N));
  const made = flow.source(
    'made',
    fromIterable(N, () => []),
  );
  return {
    all: one.merge(other, made).collect('all'),
    named: flow.source('named', push(NAMED)).forEach('end', () => {}),
  };
});

const split = dataflow(import.meta.url, 'split', (flow) =>
  flow.source('in', push(N)).split(
    (stream) => stream.collect('all'),
    (stream) => stream.map('name', NAMED, ({ n }) => ({ n, name: '' })).collect('named'),
  ),
);

const silent = dataflow(import.meta.url, 'silent', (flow) => {
  flow.source('in', push(N)).forEach('end', () => {});
});

type Inputs<Flow> = Flow extends { build(flow: never, params: never): infer Built } ? InputsOf<Built> : never;
type Outputs<Flow> = Flow extends { build(flow: never, params: never): infer Built } ? OutputsOf<Built> : never;

test('the ends of streams carry their types', () => {
  holds<Same<Inputs<typeof chained>, { in: { n: number } }>>();
  holds<Same<Outputs<typeof chained>, { out: { n: number; name: string } }>>();
  holds<
    Same<Inputs<typeof merged>, { one: { n: number }; other: { n: number }; named: { n: number; name: string } }>
  >();
  holds<Same<Outputs<typeof merged>, { all: { n: number } }>>();
  holds<Same<Inputs<typeof split>, { in: { n: number } }>>();
  holds<Same<Outputs<typeof split>, { all: { n: number }; named: { n: number; name: string } }>>();
  // Nothing is returned, so nothing is known.
  holds<Same<Inputs<typeof silent>, Record<string, object>>>();
});

/** Never called: it compiles, or not. */
async function compiles(): Promise<void> {
  const job = await chained.run();
  const input: JobInput<{ n: number }> = job.input('in');
  const output: JobOutput<{ n: number; name: string }> = job.output('out');
  await input.push({ n: 1 });
  // @ts-expect-error not a tuple of the source
  await input.push({ m: 1 });
  // @ts-expect-error there is no such input
  job.input('out');
  // @ts-expect-error there is no such output
  job.output('in');
  for await (const { name } of output.readable) name.toUpperCase();
  const loose = await silent.run();
  await loose.input('whatever').push({ n: 1 });
}

test('the compiler knows both ends of a job', () => {
  assert.equal(typeof compiles, 'function');
});
