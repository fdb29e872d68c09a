// Goal: a source and a sink can be written with what the package exports, without a cast; the compiler refuses tuples that do not
// fit; and a job with both is exact, through crashes too.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataflow, type SinkDefinition, type SourceDefinition, t } from 'millrace';
import { own, SPOILT_EVERY } from '../kit/flows/own-connectors.ts';
import { noThreadLeft, start, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const COUNT = 1500;

for (const kills of [0, 4]) {
  test(`what an own source gives, an own sink has once, in order; ${kills} workers die`, TIMEOUT, async () => {
    const lines = new SharedArrayBuffer(4 * 4 * COUNT);
    const job = await start(own, { params: { count: COUNT, lines }, workers: 2, supervision: { intensity: 100 } });
    const letters: unknown[] = [];
    const reading = (async () => {
      for await (const { tuple } of job.deadLetters) letters.push(tuple);
    })();
    for (let n = 0; n < kills; n++) {
      await sleep(30);
      const alive = job.workers().find(({ state, actors }) => state === 'active' && actors.length > 0);
      if (alive !== undefined) await job.killWorker(alive.worker);
    }
    await job.done;
    await reading;
    const cells = [...new Int32Array(lines)].filter((cell) => cell !== 0);
    const isSpoilt = (number: number): boolean => number % SPOILT_EVERY === SPOILT_EVERY - 1;
    const all = Array.from({ length: COUNT }, (_, number) => number);
    for (const partition of [0, 1]) {
      const numbers = cells.filter((cell) => cell >> 24 === partition).map((cell) => (cell & 0xffffff) - 1);
      assert.deepEqual(
        numbers,
        all.filter((number) => !isSpoilt(number)),
      );
      const spoilt = (letters as { partition: number; number: number }[]).filter(
        (letter) => letter.partition === partition,
      );
      assert.deepEqual(
        spoilt.map(({ number }) => number),
        all.filter(isSpoilt),
      );
    }
  });
}

const NUMBER = { n: t.u32() };

/** Never called: it compiles, or not. */
function compiles(): void {
  const right: SourceDefinition<typeof NUMBER> = {
    kind: 'reader',
    fields: NUMBER,
    open: ({ position }) => ({
      position,
      read(emit) {
        emit({ n: 1 });
        return 'end';
      },
      close() {},
    }),
  };
  const wrong: SourceDefinition<typeof NUMBER> = {
    kind: 'reader',
    fields: NUMBER,
    open: ({ position }) => ({
      position,
      read(emit) {
        // @ts-expect-error the field is a number
        emit({ n: 'one' });
        return 'end';
      },
      close() {},
    }),
  };
  const sink: SinkDefinition<{ n: number }> = {
    open: () => ({ write: ({ n }) => void n.toFixed(), flush: () => 0, rollback() {}, close() {} }),
  };
  const ofText: SinkDefinition<{ text: string }> = {
    open: () => ({ write: ({ text }) => void text.trim(), flush: () => 0, rollback() {}, close() {} }),
  };
  dataflow(import.meta.url, 'x', (flow) => {
    flow.source('right', right).to('sink', sink);
    // @ts-expect-error its tuples have no text
    flow.source('wrong', wrong).to('ofText', ofText);
  });
}

test('the compiler knows the tuples of own sources and sinks', () => {
  assert.equal(typeof compiles, 'function');
});
