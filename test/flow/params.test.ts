// Goal: params reach a worker's build function as they are, and a flow may switch on their strings: on Node.js 22 V8 took a
// cloned string for unequal to every case once the closure was compiled (see src/flow/params.ts).

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { internStrings } from '../../src/flow/params.ts';
import { countByKind } from '../kit/flows/operators.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { noThreadLeft, resultOf, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

test('interning keeps every value', () => {
  const params = {
    text: 'a',
    empty: '',
    number: '42',
    proto: '__proto__',
    list: ['b', 1, null, undefined, { deep: '漢' }],
    map: new Map([['k', 'v']]),
    date: new Date(0),
    bytes: new Uint8Array([1, 2]),
    nothing: null,
  };
  assert.deepEqual(internStrings(structuredClone(params)), params);
  for (const value of ['x', 7, undefined, null, true]) assert.equal(internStrings(value), value);
});

test('a closure that switches on a string of params takes the same branch in every run', TIMEOUT, async () => {
  for (let run = 0; run < shortOrLong(4, 10); run++) {
    const params = { kind: 'string' as const, pair: false, count: 30_000, keys: 5000, parallelism: 1 };
    assert.equal((await resultOf(countByKind, 'counts', { params, workers: 1 })).length, params.count);
  }
});
