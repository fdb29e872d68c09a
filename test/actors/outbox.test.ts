// Goal: emit never waits: what finds no room in the smallest ring comes out all the same, in order; beyond its limits there are
// errors that name the operator and the option.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import type { StateEntry } from '../../src/state/rows/state-reader.ts';
import { Random } from '../../src/testing/random.ts';
import { ENDED, explode, explodeByKey, keysInTurn, largeTuples, rawOf, textOf } from '../kit/flows/outbox.ts';
import { LocalJob } from '../kit/local-run.ts';
import { failureOf, noThreadLeft, resultOf, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

for (const fuse of [true, false]) {
  test(
    `one tuple becomes 100,000 through 4 KiB rings, in order, ${fuse ? 'fused with the source' : 'in an actor of its own'}`,
    TIMEOUT,
    async () => {
      const copies = 100_000;
      const tuples = await resultOf(explode, 'out', {
        params: { count: 2, copies, fuse },
        ringBytes: 4096,
        workers: 2,
      });
      assert.equal(tuples.length, 2 * copies);
      assert.ok(tuples.every(({ n, copy }, i) => n === Math.floor(i / copies) && copy === i % copies));
    },
  );
}

for (const characters of [100, 400]) {
  test(`tuples of ${characters} characters and bytes pass 4 KiB rings`, TIMEOUT, async () => {
    const count = 500;
    const tuples = await resultOf(largeTuples, 'out', { params: { count, characters }, ringBytes: 4096, workers: 2 });
    assert.equal(tuples.length, count);
    tuples.forEach(({ text, raw }, n) => {
      assert.equal(text, textOf(n, characters));
      assert.deepEqual(raw, rawOf(n, characters));
    });
  });
}

test('a keyed operator stops after the tuple that filled its outbox, not after a chunk of them', TIMEOUT, async () => {
  const params = { count: 300, copies: 4000, keys: 7 };
  // One tuple's output is 48 kB: two of them would be too much.
  const options = { params, ringBytes: 4096, outboxBytes: 1 << 16, workers: 1 };
  const tuples = await resultOf(explodeByKey, 'out', options);
  assert.equal(tuples.length, params.count * params.copies);
  tuples.forEach((tuple, i) => {
    const n = Math.floor(i / params.copies);
    assert.deepEqual(tuple, { n, count: Math.floor(n / params.keys) + 1 });
  });
});

for (const poison of [[], [1, 5, 6, 19]]) {
  test(`a key has a row once a tuple of it has taken effect, ${poison.length} of them never`, TIMEOUT, () => {
    const params = { count: 20, copies: 1000, poison };
    const job = LocalJob.of(keysInTurn, { params, ringBytes: 4096, workers: 1 });
    const actor = job.actor('copies');
    const keys = Array.from({ length: params.count }, (_, n) => n);
    let looked = -1;
    // In a fixed rhythm somebody might never have a turn.
    const random = new Random(1);
    /** After each commit. */
    const onTurn = (): void => {
      if (actor.sequence === looked || !actor.isReadable) return;
      looked = actor.sequence;
      for (let group = 0; group < KEY_GROUPS; group++) {
        const rows = actor.readState({ key: undefined, group }) as StateEntry[];
        for (const row of rows) assert.deepEqual(row.value, { count: 1 }, `key ${row.key.n} at commit ${looked}`);
      }
    };
    while (!job.ended) job.take(1, { choose: (count) => random.below(count), onTurn });
    job.collect();
    const ended = (job.tuples.get('out') ?? []).filter(({ count }) => (count as number) >= ENDED);
    const expected = keys.filter((n) => !poison.includes(n)).map((n) => ({ n, count: ENDED + 1 }));
    assert.deepEqual(
      ended.sort((one, other) => (one.n as number) - (other.n as number)),
      expected,
    );
    assert.deepEqual(
      job.letters.map(({ key }) => key),
      poison,
    );
    assert.ok(looked >= params.count, 'the outbox was filled again and again');
  });
}

test('OUTBOX_FULL names the operator, the sizes and the option', TIMEOUT, async () => {
  const options = {
    params: { count: 1, copies: 100_000, fuse: false },
    ringBytes: 4096,
    outboxBytes: 1 << 16,
    workers: 1,
  };
  const { error, tuples } = await failureOf(explode, 'OUTBOX_FULL', options, 'out');
  assert.equal(error.details.operator, 'copies');
  assert.equal(error.details.limitBytes, 1 << 16);
  assert.match(error.message, /'copies'.*'outboxBytes'/);
  assert.deepEqual(tuples, [], 'nothing of the batch is visible');
});

test(
  'TUPLE_TOO_LARGE names the operator and the sizes, at the first tuple that does not fit half a ring',
  TIMEOUT,
  async () => {
    const options = { params: { count: 5, characters: 2000 }, ringBytes: 4096, workers: 1 };
    const { error, tuples } = await failureOf(largeTuples, 'TUPLE_TOO_LARGE', options, 'out');
    assert.equal(error.details.operator, 'texts');
    assert.equal(error.details.ringBytes, 4096);
    assert.ok((error.details.tupleBytes as number) > 2048);
    assert.match(error.message, /'ringBytes'/);
    assert.deepEqual(tuples, []);
  },
);
