// Goal: a worker may die, hang or throw in anything that an actor calls: in a source's open and read, in a sink's open, write,
// flush and close. Once costs nothing; each time ends in a dead letter, or in a job that fails after a bounded number of tries.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { ErrorCode, Job, MillraceError } from '../../src/index.ts';
import { type CrashOptions, EventLog } from '../kit/crash-oracle.ts';
import { type EndsParams, type EndsPlace, ends, endsParams } from '../kit/flows/ends.ts';
import { armed, type Misdeed, shotsOf, type Trap } from '../kit/flows/traps.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const COUNT = 3000;
const AT = 1777;

interface Started {
  readonly params: EndsParams;
  readonly job: Job;
  readonly events: EventLog;
}

async function startWith(traps: Trap<EndsPlace>[], options: CrashOptions = {}): Promise<Started> {
  const params = armed(endsParams({ count: COUNT, traps }));
  const job = (await start(ends, { params, workers: 2, spares: 0, ...options })) as unknown as Job;
  return { params, job, events: new EventLog(job) };
}

/** Fails unless the sink has written each number once, in order, but those that were lost. */
function judge({ params, job }: Started, lost: number[] = []): void {
  const expected = Array.from({ length: COUNT }, (_, n) => n).filter((n) => !lost.includes(n));
  assert.deepEqual([...new Int32Array(params.written).slice(0, expected.length)], expected);
  const counts = job.reading().operators.map(({ tuplesIn, tuplesOut }) => [tuplesIn, tuplesOut]);
  assert.deepEqual(counts, [
    [0, COUNT],
    [expected.length, 0],
  ]);
}

const once: [EndsPlace, Misdeed, number][] = [
  ['read', 'exit', AT],
  ['read', 'throw', AT],
  ['write', 'exit', AT],
  ['flush', 'exit', 0],
  ['open-sink', 'exit', 0],
  ['close-sink', 'exit', 0],
  ['close-source', 'exit', 0],
];

for (const [place, misdeed, at] of once) {
  test(`${misdeed} in ${place}, once`, TIMEOUT, async () => {
    const started = await startWith([{ place, at, misdeed, times: 1 }]);
    await started.job.done;
    judge(started);
    assert.deepEqual(shotsOf(started.params), [1]);
    assert.equal(started.job.deadLetters.count, 0);
    const closing = place.startsWith('close');
    // An actor that is done is missed no more.
    if (misdeed === 'exit' && !closing) assert.equal(started.events.of('crash').length, 1);
  });
}

test('a hang in flush, and in open, once', TIMEOUT, async () => {
  for (const place of ['flush', 'open-sink'] as const) {
    const started = await startWith([{ place, at: 0, misdeed: 'loop', times: 1 }], { hangTimeoutMs: 300 });
    await started.job.done;
    judge(started);
    assert.equal((started.events.of('crash')[0].report.reason as MillraceError).code, 'WORKER_HUNG');
  }
});

test('a tuple that ends its worker each time that it is written is left out', TIMEOUT, async () => {
  const started = await startWith([{ place: 'write', at: AT, misdeed: 'exit' }]);
  await started.job.done;
  judge(started, [AT]);
  assert.equal(started.job.deadLetters.count, 1);
});

const always: [EndsPlace, Misdeed, ErrorCode][] = [
  ['read', 'exit', 'RESTART_INTENSITY'],
  ['flush', 'exit', 'RESTART_INTENSITY'],
  ['open-sink', 'exit', 'RESTART_INTENSITY'],
  ['read', 'throw', 'OPERATOR_FAILED'],
  ['flush', 'throw', 'SINK_FAILED'],
  ['open-sink', 'throw', 'SINK_FAILED'],
];

for (const [place, misdeed, code] of always) {
  test(`${misdeed} in ${place}, each time: ${code}`, TIMEOUT, async () => {
    const at = place === 'read' ? AT : 0;
    const { params, job, events } = await startWith([{ place, at, misdeed }]);
    const error = await rejection(job.done, code);
    assert.match(error.message, misdeed === 'throw' ? /trapped at/ : /code: 7/);
    const [shots] = shotsOf(params);
    assert.ok(shots <= 10, `${shots} times`);
    assert.equal(job.deadLetters.count, 0);
    assert.ok(events.of('crash').length <= 8, `${events.of('crash').length} crashes`);
    // What was read or written before stays so.
    const written = new Int32Array(params.written);
    if (place === 'read')
      assert.deepEqual(
        [...written.slice(0, AT)],
        Array.from({ length: AT }, (_, n) => n),
      );
  });
}

test('source and sink die at the same moment, in different workers', TIMEOUT, async () => {
  const traps: Trap<EndsPlace>[] = [
    { place: 'read', at: 2000, misdeed: 'exit', times: 1 },
    { place: 'flush', at: 0, misdeed: 'exit', times: 1 },
    { place: 'write', at: 1, misdeed: 'exit', times: 1 },
  ];
  const started = await startWith(traps);
  await until(() => started.events.of('crash').length >= 2, 'two crashes');
  await started.job.done;
  judge(started);
  assert.deepEqual(shotsOf(started.params), [1, 1, 1]);
});
