// Goal: what goes wrong in a job is told to people where the app has wired nothing up, once, with a cause and a remedy; an app that
// reads, awaits or listens is told nothing; notices can be taken by a function, or switched off.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Job, Notice, RunOptions } from '../../src/index.ts';
import { UnreadLetters } from '../../src/supervisor/job/notices/unread-letters.ts';
import { EventLog } from '../kit/crash-oracle.ts';
import {
  countedTicks,
  failingBehind,
  failingEnds,
  failures,
  slowChain,
  ticks,
  ticksAndSink,
} from '../kit/flows/silence.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

/** Notices of the job that a call starts, after it has ended and all was said. */
async function told(
  use: (options: Pick<RunOptions, 'notices' | 'workers'>, notices: readonly Notice[]) => Promise<unknown>,
): Promise<Notice[]> {
  const notices: Notice[] = [];
  await use({ workers: 1, notices: (notice) => void notices.push(notice) }, notices);
  for (let turns = 0; turns < 6; turns++) await turn();
  return notices;
}

/** Resolves when the job has ended and all its threads are gone; waits for nothing of the job itself. */
const noThreadsOf = (job: Job): Promise<void> =>
  new Promise((resolve) => {
    job.on('ended', () => resolve(), { past: true });
  });

/** Without the first letters of operators, which are told of a job that takes a while: on a busy machine that may be any. */
const withoutFirsts = (notices: readonly Notice[]): Notice[] =>
  notices.filter(({ kind, text }) => kind !== 'deadLetters' || !text.startsWith('operator '));

const kinds = (notices: readonly Notice[]): string[] => notices.map(({ kind }) => kind);
const COUNT = 30;
const THIRDS = 10;
const FIFTHS = 4;

test(
  'dead letters that nobody reads are told at the end: operators, counts, causes, stack, remedy',
  TIMEOUT,
  async () => {
    const notices = await told(async (options) => {
      await (await start(failures, { ...options, params: { count: COUNT } })).done;
    });
    const [notice, ...others] = withoutFirsts(notices);
    assert.deepEqual(others, []);
    assert.equal(notice.kind, 'deadLetters');
    assert.equal(notice.job, 'failures');
    assert.match(
      notice.text,
      /^job 'failures' has ended with 14 dead letters that nobody has read: 10 by operator 'thirds'.*; 4 by operator 'fifths'/,
    );
    assert.match(notice.text, /Read job\.deadLetters, .*failure: 'stop'.*notices: false$/);
    const all = notices.map(({ text }) => text).join('\n');
    assert.match(all, /RangeError: 0 is a third \(at position 0 of source 'numbers'\)/);
    assert.match(all, /TypeError: 5 is a fifth/);
    assert.match(notices[0].stack ?? '', /^RangeError: 0 is a third\n +at .*silence\.[jt]s/);
  },
);

const KEYS = shortOrLong(10_000, 100_000);
const keysText = KEYS.toLocaleString('en-US');

test(`a closure for the end that fails for each of ${keysText} keys is told, with their number`, TIMEOUT, async () => {
  const notices = await told(async (options) => {
    const job = await start(failingEnds, { ...options, params: { keys: KEYS } });
    assert.deepEqual(await tuplesOf(job.output('out')), []);
    await job.done;
  });
  const last = notices[notices.length - 1];
  assert.match(
    last.text,
    new RegExp(`with ${keysText} dead letters that nobody has read: ${keysText} by operator 'count'`),
  );
  assert.match(notices[0].text, /RangeError: no end of \d+ \(at the end of its input, key \d+\)/);
});

test('the first letter of an operator is told while the job runs, and the counts at the end', TIMEOUT, async () => {
  const notices = await told(async (options, sofar) => {
    const job = await start(failures, { ...options, params: { count: 2 ** 31, ratePerSecond: 1000 } });
    await until(() => sofar.length === 2, 'the first letters');
    await job.stop();
  });
  assert.match(notices[0].text, /^operator 'thirds' of job 'failures' failed, and left out what it failed at/);
  assert.match(notices[1].text, /^operator 'fifths' of job 'failures' failed, /);
  assert.match(notices[0].stack ?? '', /^RangeError: 0 is a third\n/);
  assert.match(
    notices[2].text,
    /^job 'failures' has ended with [\d,]+ dead letters that nobody has read: [\d,]+ by operator 'thirds'; [\d,]+ by operator 'fifths'\. /,
  );
  assert.equal(notices[2].stack, undefined);
  assert.equal(notices.length, 3);
});

const readers: [string, (job: Job) => Promise<unknown>][] = [
  [
    'iterates over them meanwhile',
    async (job) => assert.equal((await tuplesOf(job.deadLetters)).length, THIRDS + FIFTHS),
  ],
  [
    'iterates over them afterwards',
    async (job) => {
      await job.done;
      assert.equal((await tuplesOf(job.deadLetters)).length, THIRDS + FIFTHS);
    },
  ],
  [
    'asks for their number',
    async (job) => {
      await job.done;
      assert.equal(job.deadLetters.count, THIRDS + FIFTHS);
    },
  ],
  [
    'listens to their events',
    async (job) => {
      let letters = 0;
      job.on('deadLetter', (event) => {
        if (event.letter.error instanceof Error) letters++;
      });
      await job.done;
      assert.ok(letters > 0);
    },
  ],
];
for (const [how, read] of readers) {
  test(`an app that ${how} is told nothing of dead letters`, TIMEOUT, async () => {
    const notices = await told(async (options) => {
      // Slow enough for the app to begin before the first one.
      const params = { count: COUNT, ratePerSecond: 200 };
      const job = (await start(failures, { ...options, params })) as unknown as Job;
      await read(job);
      await job.done;
    });
    // Nobody can know of an app that it will read afterwards: the first ones may have been told before the end.
    const isLater = !how.includes('meanwhile') && !how.includes('listens');
    assert.deepEqual(isLater ? withoutFirsts(notices) : notices, []);
  });
}

test('a listener that looks only at other events has not read the letters', TIMEOUT, async () => {
  const notices = await told(async (options) => {
    const job = await start(failures, { ...options, params: { count: COUNT } });
    job.on('crash', () => {});
    await job.done;
  });
  assert.deepEqual(kinds(withoutFirsts(notices)), ['deadLetters']);
});

const FATAL = { count: 5, fatal: 4 };

test('a failure that nobody hears of is told, with code, message and the stack of the cause', TIMEOUT, async () => {
  const notices = await told(async (options) => {
    const job = await start(failures, { ...options, params: FATAL });
    await until(() => job.tree().state === 'failed', 'the failure');
    await noThreadLeft();
  });
  const [failed] = notices.filter(({ kind }) => kind === 'failed');
  assert.match(
    failed.text,
    /^job 'failures' has failed, and nobody awaits job\.done: OPERATOR_FAILED: operator 'fatal' failed at /,
  );
  assert.match(failed.stack ?? '', /^SyntaxError: 4 is fatal\n +at .*silence\.[jt]s/);
});

const hearers: [string, (job: Job) => Promise<unknown>][] = [
  ['awaits done', (job) => rejection(job.done, 'OPERATOR_FAILED')],
  [
    'listens to the failure',
    (job) =>
      new Promise<void>((resolve) => {
        job.on(
          'failed',
          (event) => {
            if (event.error.message !== '') resolve();
          },
          { past: true },
        );
      }),
  ],
];
for (const [how, hear] of hearers) {
  test(`an app that ${how} is told nothing more of a failure`, TIMEOUT, async () => {
    const notices = await told(async (options) => {
      const params = { ...FATAL, ratePerSecond: 100 };
      await hear((await start(failures, { ...options, params })) as unknown as Job);
      await noThreadLeft();
    });
    assert.ok(!kinds(notices).includes('failed'), JSON.stringify(notices));
  });
}

test('an app that has yet to come to the end of its output is told nothing meanwhile', TIMEOUT, async () => {
  const notices = await told(async (options, sofar) => {
    const job = await start(failingBehind, { ...options, params: { count: 5000, fatal: 4500 } });
    const iterator = job.output('out')[Symbol.asyncIterator]();
    await iterator.next();
    await until(() => job.tree().state === 'failed', 'the failure');
    await noThreadsOf(job as unknown as Job);
    for (let turns = 0; turns < 6; turns++) await turn();
    assert.deepEqual(withoutFirsts(sofar), []);
    await rejection(
      (async () => {
        while ((await iterator.next()).done !== true);
      })(),
      'OPERATOR_FAILED',
    );
    assert.ok((await tuplesOf(job.deadLetters)).length > 0);
  });
  assert.deepEqual(withoutFirsts(notices), []);
});

test('an app that leaves its output before it comes to the failure is told of it then', TIMEOUT, async () => {
  const notices = await told(async (options) => {
    const job = await start(failingBehind, { ...options, params: { count: 5000, fatal: 4500 } });
    for await (const _ of job.output('out')) {
      await until(() => job.tree().state === 'failed', 'the failure');
      await noThreadsOf(job as unknown as Job);
      break;
    }
  });
  assert.deepEqual(kinds(withoutFirsts(notices)), ['deadLetters', 'failed']);
});

test('a job that the app cancels has not failed, and run() that rejects has told its caller', TIMEOUT, async () => {
  const notices = await told(async (options) => {
    const job = await start(ticks, { ...options, params: { ratePerSecond: 10 } });
    await job.cancel();
    const signal = AbortSignal.abort();
    await rejection(ticks.run({ ...options, params: { ratePerSecond: 10 }, signal }), 'JOB_CANCELLED');
  });
  assert.deepEqual(notices, []);
});

test('leaving the loop over the only output of an endless job ends the job', TIMEOUT, async () => {
  for (const flow of [ticks, countedTicks]) {
    const notices = await told(async (options) => {
      const job = (await start(flow as typeof ticks, {
        ...options,
        params: { ratePerSecond: 1000 },
      })) as unknown as Job;
      for await (const { n } of job.output('out') as AsyncIterable<{ n: number }>) if (n === 20) break;
      await job.done;
    });
    assert.deepEqual(notices, []);
  }
});

test('a job goes on, and says so, where an output is left that is not all it is for', TIMEOUT, async () => {
  const notices = await told(async (options, sofar) => {
    const withSink = await start(ticksAndSink, options);
    const withState = await start(countedTicks, options);
    assert.equal(await withState.state('count').get(2 ** 31), undefined);
    for (const job of [withSink, withState]) {
      for await (const { n } of job.output('out')) if (n === 20) break;
    }
    await until(() => sofar.length === 2, 'both to be told', 30_000);
    for (const job of [withSink, withState]) assert.equal(job.tree().state, 'running');
    await Promise.all([withSink.stop(), withState.stop()]);
  });
  const texts = notices.map(({ text }) => text).sort();
  assert.match(
    texts[0],
    /^output 'out' of job 'counted-ticks' was left, and the job goes on, since its state was asked for/,
  );
  assert.match(
    texts[1],
    /^output 'out' of job 'ticks-and-sink' was left, and the job goes on for 'sink': what comes .* dropped/,
  );
});

const NEVER_MS = 2 ** 31;

for (const [who, from, reads] of [
  ['second', 'closure', false],
  ['second', 'closure', true],
  ['list', 'source', true],
] as const) {
  test(
    `a slow ${from} is told at half of the limit, by the operator in work; ${reads ? 'a list' : 'numbers'}`,
    TIMEOUT,
    async () => {
      let log: EventLog | undefined;
      const notices = await told(async (options, sofar) => {
        const params = { ms: NEVER_MS, at: 5, from, reads };
        const job = await start(slowChain, { ...options, params, hangTimeoutMs: 1000, shutdownTimeoutMs: 50 });
        log = new EventLog(job as unknown as Job);
        await until(() => sofar.length > 0, 'the notice');
        await job.cancel();
      });
      const [{ operator, forMs, limitMs }] = (log as EventLog | undefined)?.of('slow') ?? [];
      assert.deepEqual([operator, forMs, limitMs], [who, 500, 1000]);
      assert.equal(notices.length, 1);
      assert.match(
        notices[0].text,
        new RegExp(
          `^operator '${who}' of job 'slow-chain' has been in one call for 500 ms at .*after 1000 ms .* raise 'hangTimeoutMs'$`,
        ),
      );
    },
  );
}

test('what ends a worker names the operator in work of a fused chain', TIMEOUT, async () => {
  let log: EventLog | undefined;
  await told(async (options) => {
    const params = { ms: NEVER_MS, at: 5, from: 'closure' as const, reads: false };
    const job = await start(slowChain, { ...options, params, hangTimeoutMs: 150 });
    log = new EventLog(job as unknown as Job);
    assert.equal((await tuplesOf(job.output('out'))).length, 9);
    await job.done;
  });
  for (const { report } of (log as EventLog).of('crash')) {
    assert.match(
      report.reason.message,
      /^worker \d+ made no progress for 150 ms in operator 'second', .* raise 'hangTimeoutMs'$/,
    );
  }
});

test('an option notices that is neither true, false nor a function is refused', TIMEOUT, async () => {
  for (const notices of ['stderr', 1, null]) {
    await rejection(ticks.run({ params: { ratePerSecond: 1 }, notices: notices as never }), 'BAD_OPTION');
  }
});

test('the key of a letter is told whatever its type: a bigint, a date, null', () => {
  const letters = new UnreadLetters('keyed');
  const key = [2n ** 63n, new Date(0), null, 'w'];
  letters.add({ operator: 'p', replica: 0, key, tuple: {}, error: new Error('poison'), position: 'row 1' });
  assert.match(
    letters.summary()?.text ?? '',
    /\(at row 1, key \["9223372036854775808n","1970-01-01T00:00:00\.000Z",null,"w"\]\)/,
  );
});
