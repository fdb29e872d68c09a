// Goal: a logger hears of what happens in a job, each line with its level; what people would be told goes there, and not to standard
// error; and nothing that it does keeps the job from going on.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { JobLogLine } from '../../src/index.ts';
import { watched } from '../kit/flows/dashboard.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const OPTIONS = { workers: 1, spares: 1, params: {} } as const;

/** Runs a job with a dead letter and a worker that is killed, until `isTold`. */
async function happen(logger: (line: JobLogLine) => void, isTold: () => boolean, notices = true): Promise<void> {
  const job = await start(watched, { ...OPTIONS, logger, notices });
  await job.input('words').push({ word: '!no' });
  await job.killWorker(0);
  await until(isTold, 'lines');
  await job.cancel();
  await job.done.catch(() => {});
}

test('a function gets lines with their level, the job and the event', TIMEOUT, async () => {
  const lines: JobLogLine[] = [];
  await happen(
    (line) => lines.push(line),
    () => lines.some(({ event }) => event?.type === 'recovered') && lines.some(({ event }) => event === undefined),
  );
  const ofType = (type: string) => lines.find(({ event }) => event?.type === type);
  assert.equal(ofType('started')?.level, 'info');
  assert.match(ofType('started')?.text ?? '', /^started: \d+ actors? on 1 worker$/);
  assert.equal(ofType('crash')?.level, 'warn');
  assert.match(ofType('crash')?.text ?? '', /^crash: /);
  assert.match(ofType('restart')?.text ?? '', /^restart: '\w+\/0' on worker \d+, by supervisor '/);
  assert.equal(ofType('ended')?.text, 'ended: cancelled');
  assert.equal(ofType('deadLetter'), undefined, 'there may be as many as tuples');
  const told = lines.filter(({ event }) => event === undefined);
  assert.match(told[0].text, /dead letter/);
  assert.ok(lines.every(({ job, text }) => job === 'watched' && !text.includes('\n')));
});

test('an object gets texts by its methods, as those of console and pino', TIMEOUT, async () => {
  const texts: string[] = [];
  const method =
    (level: string) =>
    (text: string, ...more: unknown[]) => {
      assert.deepEqual(more, []);
      texts.push(`${level} ${text}`);
    };
  const logger = { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
  const job = await start(watched, { ...OPTIONS, logger });
  await job.cancel();
  await job.done.catch(() => {});
  assert.match(texts[0], /^info watched: started: /);
  assert.equal(texts.at(-1), 'info watched: ended: cancelled');
});

test('a logger that throws is the app’s fault, and the job goes on', TIMEOUT, async () => {
  const before = process.rawListeners('uncaughtException');
  const uncaught: unknown[] = [];
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  try {
    let lines = 0;
    await happen(
      () => {
        lines++;
        throw new Error('logger');
      },
      () => lines > 3,
      // One of them would come after the end.
      false,
    );
    await setImmediate();
    assert.ok(uncaught.length > 3 && uncaught.every((error) => (error as Error).message === 'logger'));
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener as () => void);
  }
});

test('what is no logger is refused with what is one', TIMEOUT, async () => {
  const refused = await rejection(watched.run({ ...OPTIONS, logger: { info() {} } as never }), 'BAD_OPTION');
  assert.match(
    refused.message,
    /logger.*an object with debug, info, warn and error, as console and pino have, or a function/,
  );
  await rejection(watched.run({ ...OPTIONS, logger: class {} as never }), 'BAD_OPTION');
});
