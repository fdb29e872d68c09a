// Goal: whoever subscribes to a channel hears each event of its type, of every job, with what tells them apart; what a subscriber throws
// is not the job's.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, test } from 'node:test';
import type { JobEvent, JobEventMessage } from '../../src/index.ts';
import { channelName } from '../../src/supervisor/job/events/diagnostics.ts';
import { watched } from '../kit/flows/dashboard.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const OPTIONS = { workers: 1, spares: 1, notices: false, params: {} } as const;

test('channels tell of each event as listeners hear it, and of which job', TIMEOUT, async () => {
  const told: JobEventMessage[] = [];
  const hear = (message: unknown): void => void told.push(message as JobEventMessage);
  const types = ['started', 'crash', 'restart', 'deadLetter', 'ended'] as const;
  assert.equal(channelName('crash'), 'millrace:job:crash', 'names are stable');
  for (const type of types) subscribe(channelName(type), hear);
  try {
    const jobs = [await start(watched, OPTIONS), await start(watched, OPTIONS)];
    const heard: JobEvent[] = [];
    const [job, other] = jobs;
    job.on('*', (event) => heard.push(event), { past: true });
    await job.input('words').push({ word: '!no' });
    await until(() => heard.some(({ type }) => type === 'deadLetter'), 'a letter');
    await job.killWorker(0);
    await until(() => heard.some(({ type }) => type === 'restart'), 'the restart');
    await Promise.all(jobs.map((each) => each.cancel()));
    await Promise.allSettled(jobs.map(({ done }) => done));
    const runs = new Set(told.map(({ run }) => run));
    assert.equal(runs.size, 2);
    assert.ok(told.every((message) => message.job === 'watched'));
    const ofFirst = told.filter(({ event }) => heard.includes(event)).map(({ event }) => event);
    const expected = heard.filter(({ type }) => (types as readonly string[]).includes(type));
    assert.deepEqual(ofFirst, expected);
    assert.equal(told.filter(({ event }) => event.type === 'ended').length, 2);
    assert.equal(other.name, 'watched');
  } finally {
    for (const type of types) unsubscribe(channelName(type), hear);
  }
});

test('a subscriber that throws keeps no listener from hearing, and the job goes on', TIMEOUT, async () => {
  const fail = (): never => {
    throw new Error('subscriber');
  };
  const uncaught: unknown[] = [];
  const before = process.rawListeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  subscribe(channelName('started'), fail);
  try {
    const job = await start(watched, OPTIONS);
    const heard: string[] = [];
    job.on('*', ({ type }) => heard.push(type), { past: true });
    assert.deepEqual(heard, ['started']);
    await until(() => uncaught.length > 0, 'the error of the subscriber');
    await job.stop();
    assert.equal(heard.at(-1), 'ended');
  } finally {
    unsubscribe(channelName('started'), fail);
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener);
  }
});
