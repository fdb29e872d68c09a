// Goal: what an actor logs is told, at once and in order, whatever becomes of the message and of the thread.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { actorSystem, type LogLine, type SystemOptions } from '../../src/index.ts';
import { testActor } from '../../src/testing.ts';
import { logger } from '../kit/actors/loggers.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, until } from '../kit/run-flow.ts';

const brief = (lines: readonly LogLine[]): string[] => lines.map(({ level, text }) => `${level} ${text}`);

async function withLines(
  options: SystemOptions,
  run: (system: Parameters<Parameters<typeof withSystem>[1]>[0], lines: LogLine[]) => Promise<void>,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  await withSystem({ workers: 1, logger: (line) => lines.push(line), ...options }, (system) => run(system, lines));
  return lines;
}

test(
  'lines of hooks, of handlers and of what fails come in order, and are all there after stop()',
  TIMEOUT,
  async () => {
    let address = '';
    const beforeMs = Date.now();
    const lines = await withLines({ supervision: { directive: 'resume' } }, async (system) => {
      const one = system.spawn(logger, { name: 'one' });
      address = one.address;
      await one.tell.say({ text: 'hello' });
      await one.tell.sayLater({ text: 'later' });
      await rejection(one.ask.fail({ text: 'no' }), 'ACTOR_FAILED');
    });
    assert.deepEqual(brief(lines), [
      'info started',
      'info hello',
      'info later soon',
      'info later',
      'warn no',
      'info stopped',
    ]);
    const { atMs, ...hello } = lines[1];
    assert.deepEqual(hello, {
      level: 'info',
      text: 'hello',
      details: { by: 'one' },
      actor: 'logger',
      id: 'one',
      address,
    });
    assert.ok(atMs >= beforeMs - 1 && atMs <= Date.now() + 1);
  },
);

for (const way of ['at once', 'loop'] as const) {
  test(`the last line of a thread that a message ends is told: ${way}`, TIMEOUT, async () => {
    const lines = await withLines({ hangTimeoutMs: 300 }, async (system, told) => {
      const one = system.get(logger, 'key');
      await one.tell.exit({ way });
      // Tried again, until the message is given up.
      await until(() => told.filter(({ text }) => text === 'the last word').length >= 2, 'the message is tried again');
      await one.ask.say({ text: 'here again' });
    });
    assert.ok(brief(lines).includes('info here again'));
    assert.equal(lines[0].id, 'key');
  });
}

test('levels that are not wanted stay where they are', TIMEOUT, async () => {
  const told = async (options: SystemOptions) =>
    brief(await withLines(options, async (system) => void system.spawn(logger).tell.everyLevel({}))).filter(
      (line) => !/started|stopped/.test(line),
    );
  assert.deepEqual(await told({}), ['info a fact', 'warn a doubt', 'error a fault']);
  assert.deepEqual(await told({ logLevel: 'debug' }), [
    'debug a detail',
    'info a fact',
    'warn a doubt',
    'error a fault',
  ]);
  assert.deepEqual(await told({ logLevel: 'error' }), ['error a fault']);
});

test('what cannot be copied to the app is text, and fails nobody', TIMEOUT, async () => {
  const lines = await withLines({}, async (system) => {
    await system.spawn(logger).ask.strange({});
  });
  assert.deepEqual(
    lines.slice(1, 3).map(({ text, details }) => [text, details]),
    [
      ['a function', '[Function (anonymous)]'],
      ['[Object: null prototype] { n: 1 }', undefined],
    ],
  );
});

test('an object as console is gets each line by its level, standard error one line each', TIMEOUT, async () => {
  const calls: unknown[][] = [];
  const by =
    (level: string) =>
    (...args: unknown[]) =>
      void calls.push([level, ...args]);
  const target = { debug: by('debug'), info: by('info'), warn: by('warn'), error: by('error') };
  let id = 0;
  const run = (options: SystemOptions) =>
    withSystem({ workers: 1, ...options }, async (system) => {
      const one = system.spawn(logger);
      id = Number(one.address.split('/')[2]);
      await one.tell.say({ text: 'two\nlines' });
      await system.get(logger, 'key').ask.everyLevel({});
    });
  await run({ logger: target });
  const ofOne = calls.filter(([, text]) => String(text).startsWith(`actor 'logger' ${id}: `));
  assert.deepEqual(ofOne[1], ['info', `actor 'logger' ${id}: two\nlines`, { by: '' }]);
  const fault = calls.find(([level]) => level === 'error') as [string, string, Error];
  assert.equal(fault[1], "actor 'logger' 'key': a fault");
  assert.equal(fault[2].message, 'why');
  assert.deepEqual(
    calls.find(([level]) => level === 'warn'),
    ['warn', "actor 'logger' 'key': a doubt"],
  );

  const written = mock.method(console, 'error', () => {});
  try {
    await run({});
    const texts = written.mock.calls.map(({ arguments: [text] }) => String(text));
    assert.ok(texts.includes(`info actor 'logger' ${id}: two lines { by: '' }`), texts.join('\n'));
    assert.ok(texts.includes("warn actor 'logger' 'key': a doubt"));
    written.mock.resetCalls();
    await run({ logger: false });
    assert.equal(written.mock.callCount(), 0);
  } finally {
    written.mock.restore();
  }
});

test('a log that was kept is over with its message', TIMEOUT, async () => {
  const lines = await withLines({}, async (system) => {
    const one = system.spawn(logger);
    await one.tell.keep({});
    assert.deepEqual(await one.ask.useKept({}), { code: 'CONTEXT_OVER' });
  });
  assert.ok(!brief(lines).includes('info too late'));
});

test('a logger that throws fails no actor, and its error is not swallowed', TIMEOUT, async () => {
  const fault = new Error('the logger has failed');
  const raised: unknown[] = [];
  const { queueMicrotask: queue } = globalThis;
  const queued = mock.method(globalThis, 'queueMicrotask', (task: () => void) =>
    queue(() => {
      try {
        task();
      } catch (error) {
        raised.push(error);
      }
    }),
  );
  const broken = () => {
    throw fault;
  };
  try {
    await withSystem({ workers: 1, logger: broken }, async (system) => {
      assert.deepEqual(await system.spawn(logger).ask.useKept({}), { code: 'none' });
    });
    // That it has started, and that it has stopped.
    await until(() => raised.length === 2, 'both are told');
    assert.deepEqual(raised, [fault, fault]);
  } finally {
    queued.mock.restore();
  }
});

test('a logger that is none is refused', async () => {
  for (const bad of [1, {}, { info() {} }, null]) await rejection(actorSystem({ logger: bad as never }), 'BAD_OPTION');
  await rejection(actorSystem({ logLevel: 'loud' as never }), 'BAD_OPTION');
});

for (const how of [{}, { seed: 5 }, { rollback: true }, { restartAfterEachMessage: true }]) {
  test(`a test sees lines of all levels, once: ${JSON.stringify(how)}`, async () => {
    const one = testActor(logger, { name: 'one', startMs: 50, supervision: { directive: 'resume' }, ...how });
    await one.tell.everyLevel({});
    await one.advance(10);
    await one.tell.sayLater({ text: 'later' });
    await rejection(one.ask.fail({ text: 'no' }), 'ACTOR_FAILED');
    const lines = one.logged();
    assert.deepEqual(brief(lines), [
      'info started',
      'debug a detail',
      'info a fact',
      'warn a doubt',
      'error a fault',
      'info later soon',
      'info later',
      'warn no',
    ]);
    assert.deepEqual(lines.map(({ atMs }) => atMs).slice(4, 6), [50, 60]);
    assert.deepEqual(one.logged(), []);
    assert.equal(one.system.logged().length, 0);
  });
}
