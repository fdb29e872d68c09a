// Goal: on a terminal the frame is redrawn in place, fits, and is not torn by what others print; in a log there are plain lines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeLine } from '../../src/cli/change-text.ts';
import { incidentLine, letterLine, tallyText } from '../../src/cli/incident-text.ts';
import { Incidents } from '../../src/cli/incidents.ts';
import { clip, LiveView } from '../../src/cli/live-view.ts';
import { barText, hintLines, operatorTable, progressLine, rateText } from '../../src/cli/reading-text.ts';
import type { Sample } from '../../src/cli/sample.ts';
import { StreamView } from '../../src/cli/stream-view.ts';
import type { Sheet, Tally } from '../../src/cli/view.ts';
import { errors } from '../../src/errors.ts';
import type { Occurrence } from '../../src/supervisor/job/events/job-event.ts';
import type { DeadLetter, ReplicaName } from '../../src/supervisor/job/job-api.ts';
import type { OperatorRates } from '../../src/supervisor/readings/between.ts';
import type { TimeReading } from '../../src/supervisor/readings/time-reading.ts';

interface Shown extends Partial<OperatorRates> {
  readonly queueFill?: number;
  readonly time?: TimeReading;
}

const idle = { tuplesIn: 0, tuplesOut: 0, rateIn: 0, rateOut: 0, busy: 0, blocked: 0, idle: 1, processingRate: 0 };

function operator(name: string, values: Shown): OperatorRates & { queueFill: number; time?: TimeReading } {
  const replica = { ...idle, ...values, replica: 0, worker: values.kind === 'collect' ? -1 : 0 };
  return {
    ...idle,
    kind: 'map',
    role: 'operator' as OperatorRates['role'],
    fusedInto: undefined,
    deadLetters: 0,
    hotGroups: [],
    replicas: [replica],
    queueFill: 0,
    name,
    ...values,
  };
}

/** A sample of operators of which all that there is happened in its span. */
function sampleOf(elapsedMs: number, operators: readonly ReturnType<typeof operator>[]): Sample {
  const readings = operators.map(
    ({ name, kind, role, fusedInto, deadLetters, tuplesIn, tuplesOut, queueFill, replicas, time }) => ({
      name,
      kind,
      role,
      fusedInto,
      deadLetters,
      tuplesIn,
      tuplesOut,
      expired: 0,
      latency: { counts: [], sumMs: 0 },
      ...(time !== undefined && { time }),
      groups: undefined,
      replicas: replicas.map(({ replica, worker }) => {
        const times = { busyMs: 0, blockedMs: 0, queueBytes: 0 };
        return { replica, worker, state: 'running' as const, tuplesIn, tuplesOut, ...times, queueFill };
      }),
    }),
  );
  return {
    reading: { atMs: 0, elapsedMs, stalled: undefined, hints: [], operators: readings },
    rates: { spanMs: elapsedMs, operators },
  };
}

const NONE: Tally = { crashes: 0, restarts: 0, escalations: 0, deadLetters: 0 };

const sample = sampleOf(2000, [
  operator('lines', { kind: 'source', role: 'source', tuplesOut: 1200, rateOut: 600, busy: 0.5, blocked: 0.25 }),
  operator('split', {
    kind: 'flatMap',
    fusedInto: 'lines',
    tuplesIn: 1200,
    tuplesOut: 2_400_000,
    rateIn: 600,
    rateOut: 1.2e6,
  }),
  operator('count', {
    kind: 'process',
    tuplesIn: 2_400_000,
    tuplesOut: 7,
    rateIn: 1.2e6,
    busy: 0.97,
    queueFill: 0.42,
  }),
  operator('counts', { kind: 'collect', role: 'output', tuplesIn: 7, rateIn: 3.5 }),
]);

test('the table of operators', () => {
  assert.deepEqual(operatorTable(sample, true), [
    'operator  replicas         in        out  tuples/s  busy  blocked  queue',
    'lines            1                 1,200       600  50 %     25 %',
    '└ split          1      1,200  2,400,000       600',
    'count            1  2,400,000          7    1.20 M  97 %      0 %  █████░░░░░',
    'counts         app          7                    4                 ░░░░░░░░░░',
  ]);
});

test('the table of a job with event time: lag and watermark while it runs, late tuples at the end, too', () => {
  const at = Date.UTC(2026, 0, 1);
  const time = (watermark: number, inputs: TimeReading['inputs'], lagMs: number): TimeReading => ({
    ...{ watermark, movedAtMs: at, newestMs: at + 5000, lagMs, late: 12, inputs },
  });
  const a = { from: 'a', watermark: at, state: 'running' as const };
  const timed = sampleOf(1000, [
    operator('a', { kind: 'source', role: 'source' }),
    operator('a-time', {
      kind: 'eventTime',
      fusedInto: 'a',
      time: time(
        at,
        [
          { ...a, partition: 3, state: 'idle' },
          { ...a, partition: 4, watermark: at + 1 },
        ],
        5000,
      ),
    }),
    operator('met', { time: time(at - 1, [a, { ...a, from: 'b', watermark: at - 1 }], 5001) }),
    operator('none', { time: time(Number.NEGATIVE_INFINITY, [a], Number.POSITIVE_INFINITY) }),
    operator('over', { time: time(Number.POSITIVE_INFINITY, [a], 0) }),
  ]);
  assert.deepEqual(operatorTable(timed, true), [
    'operator  replicas  in  out  tuples/s  busy  blocked  queue       late    lag  watermark',
    'a                1        0         0   0 %      0 %',
    "└ a-time         1   0    0         0                               12  5.0 s  2026-01-01T00:00:00.000Z, waits for partition 3 of 'a' (idle)",
    "met              1   0    0         0   0 %      0 %  ░░░░░░░░░░    12  5.0 s  2025-12-31T23:59:59.999Z, waits for 'b'",
    'none             1   0    0         0   0 %      0 %  ░░░░░░░░░░    12      -  none',
    'over             1   0    0         0   0 %      0 %  ░░░░░░░░░░    12  0.0 s  ended',
  ]);
  assert.deepEqual(
    operatorTable(timed, false).map((line) => line.slice(-4)),
    ['late', ' 0 %', '  12', '  12', '  12', '  12'],
  );
  assert.match(progressLine(timed), /met 0\/s \(busy 0 %, 5\.0 s behind\), none 0\/s \(busy 0 %\)/);
});

test('hints are lines of the summary', () => {
  const hint = { operator: 'lines', option: 'parallelism', text: "source 'lines' could have more replicas" };
  assert.deepEqual(hintLines({ ...sample, reading: { ...sample.reading, hints: [hint] } }), [`hint: ${hint.text}`]);
  assert.deepEqual(hintLines(sample), []);
});

test('a line of progress', () => {
  assert.equal(
    progressLine(sample),
    '2.0 s: lines 600/s (busy 50 %), split 600/s, count 1.20 M/s (busy 97 %), counts 4/s',
  );
});

const nameOf = ({ operator, replica }: ReplicaName): string => `'${operator}/${replica}'`;
const count = { operator: 'count', replica: 1 };

test('decisions and changes as lines', () => {
  const decided = { type: 'decision', operator: 'count', policy: 'rate', inputs: {}, reason: 'why' } as const;
  const scaled = { type: 'scaled', operator: 'count', handOvers: 2, tookMs: 61.2 } as const;
  const events: Occurrence[] = [
    { ...decided, action: 'scale', mode: 'act', from: 3, to: 1 },
    { ...decided, action: 'rebalance', mode: 'plan', from: 3, to: 3 },
    { ...decided, action: 'move', mode: 'act', replica: 1, from: 0, to: 2 },
    { ...decided, action: 'report', mode: 'act', from: 3, to: 3 },
    { ...scaled, from: 1, to: 3, groups: 171 },
    { ...scaled, from: 3, to: 3, groups: 1 },
    { type: 'handOver', operator: 'count', from: 0, to: 2, groups: 85, tookMs: 0.42 },
    { type: 'moved', ...count, from: 0, to: 2 },
    { type: 'ended', outcome: 'done' },
  ];
  assert.deepEqual(
    events.map((event) => changeLine(event, nameOf, true)),
    [
      "decision: 'count' from 3 to 1 replica: why",
      "plan: spread 'count' anew: why",
      "decision: 'count/1' from worker 0 to worker 2: why",
      'decision: nothing to be done: why',
      "scaled: 'count' from 1 to 3 replicas, 171 key groups moved in 61 ms",
      "spread: 'count' anew, 1 key group moved in 61 ms",
      "hand-over: 85 key groups from 'count/0' to 'count/2', in 0.4 ms",
      "moved: 'count/1' from worker 0 to worker 2",
      undefined,
    ],
  );
  const quiet = events.filter((event) => changeLine(event, nameOf, false) === undefined);
  assert.deepEqual(
    quiet.map(({ type }) => type),
    ['handOver', 'ended'],
  );
});

test('incidents as lines: one each, whatever is in a message', () => {
  const reason = new Error('out of\r\n  memory');
  const events: Occurrence[] = [
    { type: 'started', workers: 2, actors: 2 },
    {
      type: 'crash',
      worker: 1,
      actors: [count],
      report: { supervisor: 'job', context: 'childTerminated', reason, offender: { worker: 1 } },
    },
    { type: 'adoption', worker: 2, actors: [count, { operator: 'split', replica: 0 }], tookMs: 12.34 },
    { type: 'restart', ...count, worker: 2, supervisor: 'flow/count' },
    { type: 'recovered', ...count, worker: 2, tookMs: 7.25, committedAtMs: 0 },
    { type: 'escalation', from: 'flow/count', to: 'flow', reason },
    { type: 'spareFailed', error: reason, attempt: 2 },
    { type: 'ended', outcome: 'done' },
  ];
  assert.deepEqual(
    events.map((event) => incidentLine(event, nameOf)),
    [
      undefined,
      'crash: out of memory',
      "adoption: worker 2 has taken over 'count/1', 'split/0', after 12 ms",
      "restart: 'count/1' on worker 2, by supervisor 'flow/count'",
      "recovered: 'count/1', 7.3 ms after the crash was noticed",
      "escalation: supervisor 'flow/count' gave up, and 'flow' decides",
      'spare: attempt 2 to start a spare worker failed: out of memory',
      undefined,
    ],
  );
});

const letter: DeadLetter = {
  ...count,
  key: 'whale',
  tuple: { word: 'whale', size: 7 },
  error: new TypeError('too\nlarge'),
  position: 'row 3',
};

test('dead letters as lines: with key and tuple if there are any, and the code of our own errors', () => {
  assert.equal(
    letterLine(letter),
    `dead letter: operator 'count', key "whale", tuple {"word":"whale","size":7}: TypeError: too large (row 3)`,
  );
  const error = errors.tableChanged('count');
  assert.match(
    letterLine({ ...letter, key: undefined, tuple: undefined, error }),
    /^dead letter: operator 'count': TABLE_CHANGED: a table of operator 'count' grew .* \(row 3\)$/,
  );
});

test('a tally in words', () => {
  assert.equal(tallyText(NONE), '');
  assert.equal(
    tallyText({ crashes: 1, restarts: 2, escalations: 1, deadLetters: 1234 }),
    '1 crash, 2 restarts, 1 escalation, 1,234 dead letters',
  );
});

test('numbers', () => {
  assert.deepEqual([0, 0.4, 999, 1000, 12_345, 999_400, 1_234_567, 123e6, Number.NaN].map(rateText), [
    '0',
    '0',
    '999',
    '1.00 k',
    '12.3 k',
    '999 k',
    '1.23 M',
    '123 M',
    '0',
  ]);
  assert.equal(barText(0), '░░░░░░░░░░');
  assert.equal(barText(0.01), '█░░░░░░░░░');
  assert.equal(barText(1), '██████████');
});

test('lines are cut to the width, and cannot move the cursor', () => {
  assert.equal(clip('abcdef', 4), 'abcd');
  assert.equal(clip('a\x1b[2Jb', 10), 'a·[2Jb');
  assert.equal(clip('日本語', 5), '日本');
  assert.equal(clip('██░░', 4), '██░░');
});

/** What is on the screen after all that was written. */
function screenOf(written: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that a terminal obeys
  for (const [token, up] of written.matchAll(/\x1b\[(\d+)A|\x1b\[[JK]|\n|[^\x1b\n]+/g)) {
    if (up !== undefined) row -= Number(up);
    else if (token === '\x1b[J') lines.splice(row + (lines[row] === '' ? 0 : 1), lines.length, '');
    else if (token === '\n') {
      row++;
      lines[row] ??= '';
    } else if (token !== '\x1b[K') lines[row] = token;
    assert.ok(row >= 0, 'the cursor went above the first line');
  }
  return lines.slice(0, -1);
}

function liveView(rows: number) {
  let written = '';
  const write = (text: string): boolean => {
    written += text;
    return true;
  };
  const view = new LiveView({ write, columns: 60, rows }, 'flow', 1, ['counts']);
  return { view, write, screen: () => screenOf(written) };
}

test('the frame is redrawn in place, with the last tuples below the table', () => {
  const { view, screen } = liveView(24);
  view.progress(sample, NONE);
  view.tuples(
    'counts',
    Array.from({ length: 100 }, (_, id) => ({ id, word: 'w' })),
  );
  view.progress(sample, NONE);
  const lines = screen();
  assert.equal(lines[0], 'flow: 2.0 s, 1 worker');
  assert.equal(lines.length, 1 + 5 + 1 + 5);
  assert.deepEqual(lines.slice(-2), ['  98  w', '  99  w']);
});

test('a frame never is as high as the terminal', () => {
  const { view, screen } = liveView(5);
  for (let i = 0; i < 3; i++) view.progress(sample, NONE);
  assert.equal(screen().length, 4);
});

test('what others print stays above the frame', () => {
  const { view, write, screen } = liveView(24);
  view.progress(sample, NONE);
  view.pass(() => void write('hello\n'));
  view.progress(sample, NONE);
  view.note('stopping');
  const lines = screen();
  assert.deepEqual(lines.slice(0, 2), ['hello', 'flow: 2.0 s, 1 worker']);
  assert.equal(lines.at(-1), 'stopping');
});

test('incidents stay above the frame, which counts them', () => {
  const { view, screen } = liveView(10);
  view.progress(sample, NONE);
  const incidents = new Incidents(view, { nameOf, verbose: false, elapsedMs: () => 1234 });
  incidents.hear({ type: 'adoption', worker: 2, actors: [count], tookMs: 5 });
  for (let i = 0; i < 20; i++) incidents.hear({ type: 'restart', ...count, worker: 2, supervisor: 'flow/\x1bcount' });
  for (let i = 0; i < 20; i++) incidents.letter(letter);
  view.progress(sample, incidents.tally);
  const lines = screen();
  assert.deepEqual(
    lines.slice(0, 20),
    Array.from({ length: 20 }, () => `flow: 1.2 s: restart: 'count/1' on worker 2, by supervisor 'flow/·count'`),
  );
  assert.equal(lines[20], `flow: 1.2 s: ${letterLine(letter)}`);
  assert.equal(lines[25], 'flow: 1.2 s: dead letters: more are counted, but not shown (--json prints them all)');
  assert.equal(lines[26], 'flow: 2.0 s, 1 worker, 20 restarts, 20 dead letters');
  view.close(sample, incidents.tally);
  // Cut to the width of the screen.
  assert.equal(screen()[26], 'flow: done in 2.0 s on 1 worker, with 20 restarts, 20 dead ');
});

test('in a log incidents are lines, and lines of progress end with their count', () => {
  let log = '';
  const sheet = (write: (text: string) => void): Sheet => ({
    write: (text) => {
      write(text);
      return true;
    },
    on: () => undefined,
  });
  const view = new StreamView(
    sheet(() => assert.fail('nothing but tuples goes to standard output')),
    sheet((text) => {
      log += text;
    }),
    { flow: 'flow', outputs: ['counts'], json: false },
  );
  const incidents = new Incidents(view, { nameOf, verbose: false, elapsedMs: () => 500 });
  incidents.letter(letter);
  view.progress(sample, incidents.tally);
  view.close(sample, incidents.tally);
  const lines = log.split('\n');
  assert.equal(lines[0], `flow: 0.5 s: ${letterLine(letter)}`);
  assert.equal(lines[1], `flow: ${progressLine(sample)}; 1 dead letter`);
  assert.equal(lines.at(-2), 'flow: done in 2.0 s with 1 dead letter');
});

test('at the end the table stays, and the last tuples are printed', () => {
  const { view, screen } = liveView(24);
  view.progress(sample, NONE);
  view.tuples(
    'counts',
    Array.from({ length: 30 }, (_, id) => ({ id })),
  );
  view.close(sample, NONE);
  const lines = screen();
  assert.equal(lines[0], 'flow: done in 2.0 s on 1 worker');
  assert.equal(lines[7], 'counts: 30 tuples, the last 20 (pipe the command to get all');
  assert.deepEqual(lines.slice(-1), ['  29']);
  assert.equal(lines.length, 6 + 2 + 20);
});
