// Goal: after a pause, of a thread that stands still or dies, timers by the clock make up for what they missed as the docs say, and in no
// other way; rows whose time is over are not seen, though nobody has come by; a process that was stopped has no idle sources.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BEAT_MS, BEATS, beating, forgetting } from '../kit/flows/pauses.ts';
import { operatorOf } from '../kit/readings.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const PAUSE_MS = 400;

interface Beat {
  readonly key: string;
  readonly dueMs: number;
  readonly firedMs: number;
}

const steps = (beats: readonly Beat[], of: 'dueMs' | 'firedMs'): number[] =>
  beats.slice(1).map((beat, i) => beat[of] - beats[i][of]);

for (const dies of [false, true]) {
  test(
    `timers after a pause${dies ? ' at whose end the thread dies' : ''}: one firing, or each that was due`,
    TIMEOUT,
    async () => {
      const job = await start(beating, { workers: 1 });
      const orders = job.input('orders');
      await orders.push({ key: 'relative', from: 'fired', standMs: 0 });
      await orders.push({ key: 'absolute', from: 'due', standMs: 0 });
      const beats: Beat[] = [];
      for await (const beat of job.output('beats')) {
        beats.push(beat);
        if (beats.length === 6) {
          await orders.push({ key: 'other', from: 'due', standMs: PAUSE_MS });
          if (dies) {
            await sleep(PAUSE_MS / 2);
            await job.killWorker(0);
          }
        }
        if (beats.length === 2 * BEATS) orders.end();
      }
      await job.done;
      const [relative, absolute] = ['relative', 'absolute'].map((key) => beats.filter((beat) => beat.key === key));
      assert.deepEqual([relative.length, absolute.length], [BEATS, BEATS]);
      // By how long from now: what was missed is one firing, and the next is as far from it as ever.
      assert.ok(
        steps(relative, 'firedMs').every((ms) => ms >= BEAT_MS),
        `${steps(relative, 'firedMs')}`,
      );
      assert.ok(Math.max(...steps(relative, 'firedMs')) >= PAUSE_MS / 2, 'there was a pause');
      // By when it was due: each comes, with the time that it was due.
      assert.deepEqual(steps(absolute, 'dueMs'), new Array<number>(BEATS - 1).fill(BEAT_MS));
      for (const { dueMs, firedMs } of beats) assert.ok(firedMs >= dueMs);
    },
  );
}

test('a row whose time is over by the clock is not seen by what waited behind the pause', TIMEOUT, async () => {
  const job = await start(forgetting, { params: { ttlMs: PAUSE_MS / 2 }, workers: 1 });
  const orders = job.input('orders');
  const counts = tuplesOf(job.output('counts'));
  await orders.push({ key: 'a', standMs: 0 });
  await orders.push({ key: 'a', standMs: 0 });
  await orders.push({ key: 'other', standMs: PAUSE_MS });
  // It waits while the thread stands still, and comes before the timer that would remove the row.
  await orders.push({ key: 'a', standMs: 0 });
  orders.end();
  const seen = (await counts).filter(({ key }) => key === 'a').map((row) => row.seen);
  await job.done;
  assert.equal(seen[seen.length - 1], 1);
  assert.ok(operatorOf(job, 'count').expired >= 1);
});

test('a process that was stopped for a while has no source that is idle because of that', TIMEOUT, async () => {
  const path = fileURLToPath(new URL('../kit/apps/stopped-app.js', import.meta.url));
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let text = '';
  try {
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const isFirst = text === '';
      text += chunk;
      if (!isFirst) continue;
      child.kill('SIGSTOP');
      await sleep(1000);
      child.kill('SIGCONT');
    }
    assert.equal(await ended, 0);
  } finally {
    child.kill('SIGKILL');
  }
  assert.equal(text, 'started\n0 late\n');
});
