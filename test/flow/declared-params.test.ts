// Goal: a flow gets the parameters that it declares, of the types that it declares, from an app and in a test; declarations that
// nobody could meet are refused.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { type ParamTable, readParams } from '../../src/flow/declared-params.ts';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { declared } from '../kit/cli-flows/declared.ts';
import { noThreadLeft, resultOf, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

test('an app gives them, and every thread fills in the same defaults', TIMEOUT, async () => {
  const [{ given }] = await resultOf(declared, 'given', { params: { text: 'a', pack: 'gzip' }, workers: 1 });
  assert.deepEqual(given, { text: 'a', share: 0.5, maxWords: undefined, dryRun: false, pack: 'gzip' });
});

test('what an app gives is checked before a thread starts', async () => {
  const run = (params: unknown) => declared.run({ params: params as never });
  await assert.rejects(run({ txet: 'a' }), {
    code: 'BAD_OPTION',
    message: /no parameter 'txet': did you mean 'text'\?/,
  });
  await assert.rejects(run(undefined), { code: 'BAD_OPTION', message: /needs parameter 'text', a string/ });
  await assert.rejects(run({ text: 'a', share: '1' }), { code: 'BAD_OPTION', message: /'share' .* a number, got "1"/ });
  await assert.rejects(run([]), { code: 'BAD_OPTION' });
  assert.throws(() => testOperator(declared, 'once', { params: { text: 5 } as never }), { code: 'BAD_OPTION' });
});

test('their types are those of the table', () => {
  const flow = dataflow(
    import.meta.url,
    'typed',
    {
      params: {
        words: { type: 'integer', default: 1 },
        kind: { type: ['a', 'b'] },
        rest: { type: 'string', isOptional: true },
      },
    },
    (builder, { words, kind, rest }) => {
      const number: number = words;
      const word: 'a' | 'b' = kind;
      // @ts-expect-error it may be undefined
      const text: string = rest;
      return builder
        .source(
          'in',
          generate({ n: t.u32() }, () => ({ n: number })),
        )
        .forEach(`${word}${text}`, () => {});
    },
  );
  const check = (): void => {
    void flow.run({ params: { kind: 'a' } });
    // @ts-expect-error another word
    void flow.run({ params: { kind: 'c' } });
    // @ts-expect-error a name that is not declared
    void flow.run({ params: { kind: 'a', word: 1 } });
    // @ts-expect-error one is missing
    void flow.run({ params: { words: 1 } });
  };
  assert.equal(typeof check, 'function');
  assert.deepEqual(Object.keys(flow.params ?? {}), ['words', 'kind', 'rest']);
});

test('a declaration that nobody can meet is refused', () => {
  const declare = (params: unknown) => () => dataflow(import.meta.url, 'odd', { params } as never, () => {});
  const refused: [unknown, RegExp][] = [
    [undefined, /'params' of flow 'odd'/],
    [[], /'params' of flow 'odd'/],
    [{ file: 'string' }, /'params\.file'/],
    [{ file: { type: 'text' } }, /'params\.file\.type' of flow 'odd' must be 'string'.* got "text"/],
    [{ file: { type: [] } }, /'params\.file\.type'/],
    [{ file: { type: 'integer', default: 1.5 } }, /'params\.file\.default' .* an integer, got 1\.5/],
    [{ file: { type: ['a'], default: 'b' } }, /'params\.file\.default' .* one of 'a'/],
    [{ file: { type: 'string', defualt: 'a' } }, /no option 'defualt': did you mean 'default'\?/],
    [{ file: { type: 'string', help: 1 } }, /'params\.file\.help'/],
  ];
  for (const [params, message] of refused) assert.throws(declare(params), { code: 'BAD_OPTION', message });
  assert.throws(() => dataflow(import.meta.url, 'odd', { parms: {} } as never, () => {}), { code: 'BAD_OPTION' });
  assert.throws(() => dataflow(import.meta.url, 'odd', { params: {} }, 'build' as never), { code: 'BAD_OPTION' });
  assert.throws(() => dataflow(import.meta.url, 'odd', { params: {} }, () => {}, ...([1] as never[])), {
    code: 'SURPLUS_ARGUMENTS',
  });
});

test('what is read is what is given, over the defaults', () => {
  const table = {
    s: { type: 'string', default: 'x' },
    n: { type: 'number', isOptional: true },
    b: { type: 'boolean', default: true },
  } satisfies ParamTable;
  const some = fc.record({ s: fc.string(), n: fc.double({ noNaN: true }), b: fc.boolean() }, { requiredKeys: [] });
  fc.assert(
    fc.property(some, (given) => {
      assert.deepEqual(readParams('flow', table, given), { s: 'x', n: undefined, b: true, ...given });
    }),
  );
});

test('names that no command line can give are refused; an optional boolean is undefined where it is left out', () => {
  for (const name of ['a b', 'max-len', 'Rows', '', '-x', 'a=b'])
    assert.throws(
      () => dataflow(import.meta.url, 'named', { params: { [name]: { type: 'string' } } }, (flow) => flow as never),
      { code: 'BAD_OPTION', message: /names that the command line can give/ },
      name,
    );
  for (const name of ['maxLen', 'max_len', 'größe', 'n2'])
    dataflow(import.meta.url, 'named', { params: { [name]: { type: 'string' } } }, (flow) => flow as never);
  const table = { dry: { type: 'boolean', isOptional: true }, loud: { type: 'boolean' } } as const;
  assert.deepEqual(readParams('named', table, {}), { dry: undefined, loud: false });
});
