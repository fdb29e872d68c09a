// Goal: each call settles once, also when the other side goes; and a side that is gone is not kept, nor what waited for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import { errors, toRecord } from '../../src/errors.ts';
import { answerOf, callsThrough, exposeOn, isGone, outcomeOf } from '../../src/workers/remote-calls.ts';

interface Target {
  double(n: number): Promise<number>;
  fail(): Promise<void>;
  never(): Promise<void>;
}

function connected() {
  const { port1, port2 } = new MessageChannel();
  const target: Target = {
    double: async (n) => 2 * n,
    fail: async () => {
      throw toRecord(errors.unknownName('thing', 'x', []));
    },
    never: () => new Promise(() => {}),
  };
  exposeOn(port1, target);
  let go!: (error: Error) => void;
  const gone = new Promise<Error>((resolve) => {
    go = resolve;
  });
  const calls = callsThrough<Target>(port2, ['double', 'fail', 'never'], gone);
  return { calls, go: () => go(errors.workerDied(3, [], new Error('it was hit'))), close: () => port1.close() };
}

test('answers and errors come through', async () => {
  const { calls, go } = connected();
  assert.equal(await calls.double(4), 8);
  await assert.rejects(calls.fail(), { name: 'MillraceError', code: 'UNKNOWN_NAME' });
  assert.equal((await outcomeOf(calls.fail())).kind, 'failed');
  assert.deepEqual(await outcomeOf(calls.double(1)), { kind: 'done' });
  go();
});

test('calls under way, and later ones, reject when the other side is gone', async () => {
  const { calls, go, close } = connected();
  const pending: Promise<unknown>[] = [calls.never(), calls.never()];
  assert.equal(await calls.double(1), 2);
  close();
  go();
  for (const call of [...pending, calls.double(1)]) {
    const error = await call.then(
      () => assert.fail('it was to reject'),
      (rejected: unknown) => rejected,
    );
    assert.ok(isGone(error));
    assert.equal((error as Error & { code: string }).code, 'WORKER_DIED');
  }
  const outcome = await outcomeOf(calls.never());
  assert.ok(outcome.kind === 'gone' && outcome.cause instanceof Error);
  assert.equal(await answerOf(calls.double(1)), undefined);
});

test('what waited for an answer that did not come is let go', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const waited = ((): WeakRef<object> => {
    const { calls, go, close } = connected();
    const buffer = { bytes: new Uint8Array(1000) };
    void calls.never().catch(() => buffer.bytes);
    close();
    go();
    return new WeakRef(buffer);
  })();
  for (let i = 0; i < 100 && waited.deref() !== undefined; i++) {
    await sleep(5);
    collect();
  }
  assert.equal(waited.deref(), undefined);
});
