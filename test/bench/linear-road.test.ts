// Goal: the answers of Linear Road are the expected ones, line by line, with any parallelism and while workers are killed: on
// the data of the benchmark, and on random traces against a slow answerer that shares no rule with the operators.
// A failure prints its seed; MILLRACE_TEST_SEED=<seed> runs all randomised tests with it.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Answers, answerSlowly } from '../../bench/linear-road/answerer.ts';
import { runExact } from '../../bench/linear-road/exact-run.ts';
import { historyLine } from '../../bench/linear-road/input.ts';
import { AnswerLines, answerPlainly, PlainQuery } from '../../bench/linear-road/plain.ts';
import { allocateChecks, Checker } from '../../bench/linear-road/rated-check.ts';
import { allocateResults, resultOf } from '../../bench/linear-road/rated-results.ts';
import { runRated, traceFor } from '../../bench/linear-road/rated-run.ts';
import { largestHolding } from '../../bench/linear-road/rated-search.ts';
import { ENTRY_CELLS, makeRatedTrace } from '../../bench/linear-road/rated-trace.ts';
import { ANSWER_FILES, type HistoryLine, type Line, SEGMENT_FEET } from '../../bench/linear-road/records.ts';
import { route } from '../../bench/linear-road/route.ts';
import { latestAverageVelocity, MEAN_SCALE, scaledMean } from '../../bench/linear-road/rules.ts';
import { historyFileLine, inputLine, Trace, type TraceSettings } from '../../bench/linear-road/trace.ts';
import { isRight, verify } from '../../bench/linear-road/verify.ts';
import { runs } from '../kit/arbitraries.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { folder, newPath } from '../kit/temporary-files.ts';

const small = fileURLToPath(new URL('../../../test/bench/linear-road-small/', import.meta.url));
const files = { input: join(small, 'input.csv.gz'), history: join(small, 'history.csv.gz') };

/** A slow machine gets little done between two of them. */
const KILLS_MAX = 8;

/** A fast machine may end a run before anything was disturbed: such a run shows nothing, and the next one is looked at. */
const CHAOS_RUNS_MAX = 20;

const assertRight = (answers: string, expected: string): void => {
  const wrong = verify(answers, expected).filter((difference) => !isRight(difference));
  assert.deepEqual(wrong, []);
};

for (const { parallelism, workers } of shortOrLong(
  [{ parallelism: 3, workers: 2 }],
  [
    { parallelism: 1, workers: 2 },
    { parallelism: 3, workers: 2 },
  ],
)) {
  test(`the small data set: parallelism ${parallelism}`, async () => {
    const output = newPath('');
    await runExact({ ...files, output, workers, parallelism });
    assertRight(output, small);
  });
}

const CHAOS = [
  { name: 'while it scales', parallelism: 1, workers: 2, seed: 10, killsMax: 0 },
  { name: 'with workers killed while it scales', parallelism: 1, workers: 2, seed: 20, killsMax: KILLS_MAX },
  { name: 'with workers killed while it scales, from 3', parallelism: 3, workers: 3, seed: 30, killsMax: KILLS_MAX },
];

// The others leave something out: kills, or replicas to begin with.
for (const { name, parallelism, workers, seed, killsMax } of shortOrLong(CHAOS.slice(-1), CHAOS)) {
  test(`the small data set ${name}`, async () => {
    let kills = 0;
    let handOvers = 0;
    for (let run = 0; run < CHAOS_RUNS_MAX && (handOvers === 0 || (kills === 0 && killsMax > 0)); run++) {
      const output = newPath('');
      const { chaos } = await runExact({ ...files, output, workers, parallelism, chaosSeed: seed + run, killsMax });
      assertRight(output, small);
      kills += chaos.kills;
      handOvers += chaos.handOvers;
    }
    assert.ok(handOvers > 0, 'no key group has changed owners');
    assert.equal(kills > 0, killsMax > 0, `${kills} workers were killed`);
  });
}

test('the small data set in one loop', () => {
  const output = newPath('');
  answerPlainly({ ...files, output });
  assertRight(output, small);
});

test('the verifier finds a line that is missing, doubled, wrong, or not accepted', () => {
  const write = (answers: Partial<Record<(typeof ANSWER_FILES)[number] | 'balances_ok.csv', string>>): string => {
    const path = newPath('');
    mkdirSync(path);
    for (const name of [...ANSWER_FILES, 'balances_ok.csv'] as const) {
      writeFileSync(join(path, name), answers[name] ?? '');
    }
    return path;
  };
  const expected = write({
    'tolls.csv': '0,1,0,0,-1,0\n0,2,0,0,-1,0\n',
    'balances.csv': '2,9,9,5,9,20\n',
    'balances_ok.csv': '5,0\n5,20\n',
  });
  const found = (answers: Parameters<typeof write>[0]): number[] =>
    verify(write(answers), expected).flatMap(({ missing, unexpected }) => [missing, unexpected]);
  const right = { 'tolls.csv': '0,2,0,7,-1,0\n0,1,0,3,-1,0\n', 'balances.csv': '2,9,11,5,2,0\n' };
  assert.deepEqual(found(right), [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(found({ ...right, 'tolls.csv': '0,2,0,7,-1,0\n' }), [1, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(found({ ...right, 'tolls.csv': `${right['tolls.csv']}0,2,0,7,-1,0\n` }), [0, 1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(found({ ...right, 'balances.csv': '2,9,11,5,2,7\n' }), [0, 0, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual(found({ ...right, 'balances.csv': '' }), [0, 0, 0, 0, 1, 0, 0, 0]);
});

test('an average near an integer is rounded down exactly', () => {
  // Five minutes with a mean of 40 each, and the same less the smallest possible part.
  const counts = [7, 11, 13, 1999, 3];
  const sums = counts.map((count) => count * 40 * MEAN_SCALE);
  assert.equal(latestAverageVelocity(sums, counts), 40);
  assert.equal(latestAverageVelocity([...sums.slice(0, 4), sums[4] - 1], counts), 39);
  assert.equal(latestAverageVelocity([...sums.slice(0, 4), sums[4] + 1], counts), 40);
  assert.equal(latestAverageVelocity([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]), -1);
  assert.equal(scaledMean(10, 3) * 3, 10 * MEAN_SCALE);
});

/** The lines that are more often in one array than in the other. */
function surplus(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** Unlike the benchmark's verifier this asks for the balance at the request's own second. */
function assertSame(answers: Omit<Answers, 'acceptedBalances'>, expected: Answers): void {
  for (const name of ['tolls', 'accidents', 'balances', 'expenditures'] as const) {
    const missing = surplus(expected[name], answers[name]);
    const unexpected = surplus(answers[name], expected[name]);
    assert.deepEqual({ missing, unexpected }, { missing: [], unexpected: [] }, name);
  }
}

function answerByLoop(lines: readonly Line[], history: readonly HistoryLine[]): AnswerLines {
  const answers = new AnswerLines();
  const query = new PlainQuery(answers);
  for (const line of history) route(historyLine(line), query.take, 1);
  for (const line of lines) route(line, query.take, 1);
  query.end();
  return answers;
}

/** Crowded enough for tolls, with accidents, on a few segments at either end of the expressways. */
const settings: fc.Arbitrary<Partial<TraceSettings>> = fc
  .record({
    seed: fc.nat(),
    xways: fc.integer({ min: 1, max: 3 }),
    seconds: fc.integer({ min: 200, max: 500 }),
    arrivalsTo: fc.integer({ min: 2, max: 6 }),
    first: fc.constantFrom(0, 40, 94),
    span: fc.integer({ min: 2, max: 6 }),
    tripSegmentsMax: fc.integer({ min: 1, max: 6 }),
    breakdown: fc.constantFrom(0, 0.0003, 0.002),
  })
  .map(({ span, first, ...rest }) => ({ ...rest, first, last: Math.min(99, first + span - 1) }))
  .map((rest) => ({ ...rest, arrivalsFrom: 2, crowd: 30, request: 0.03 }));

test('random traces: the rules of the operators are those of the answerer', () => {
  const property = fc.property(settings, (chosen) => {
    const trace = new Trace(chosen);
    const lines = trace.lines();
    const history = trace.history();
    assertSame(answerByLoop(lines, history), answerSlowly(lines, history));
  });
  fc.assert(property, runs(15));
});

/** Reports as no vehicle makes them: at any second, here and there, so that trips begin anew within minutes. */
const wildLines: fc.Arbitrary<Line[]> = fc
  .array(
    fc.record({
      vid: fc.integer({ min: 0, max: 5 }),
      half: fc.integer({ min: 0, max: 14 }),
      shift: fc.constantFrom(0, 0, 0, 0, 0, 5, 11, 17, 23),
      speed: fc.integer({ min: 0, max: 100 }),
      lane: fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 4),
      segment: fc.constantFrom(52, 52, 52, 52, 52, 52, 50, 51, 53, 54),
      request: fc.boolean(),
    }),
    { minLength: 1, maxLength: 300, size: 'max' },
  )
  .map((reports) => {
    const seen = new Set<string>();
    const lines: Line[] = [];
    for (const { vid, half, shift, speed, lane, segment, request } of reports) {
      const time = half * 30 + shift;
      if (seen.has(`${vid} ${time}`)) continue;
      seen.add(`${vid} ${time}`);
      // Each vehicle has its road, and one place in each segment where it may stop.
      const [xway, direction] = [vid & 1, (vid >> 1) & 1];
      const position = segment * SEGMENT_FEET;
      lines.push({ type: 0, time, vid, speed, xway, lane, direction, segment, position, query: -1, day: -1 });
      if (request) lines.push({ ...lines[lines.length - 1], type: 2, query: lines.length });
    }
    return lines.sort((one, other) => one.time - other.time);
  });

test('wild reports: the rules of the operators are those of the answerer', () => {
  const property = fc.property(wildLines, (lines) => assertSame(answerByLoop(lines, []), answerSlowly(lines, [])));
  fc.assert(property, runs(400));
});

test('two vehicles that stop 30 s apart are an accident, 31 s apart they are none', () => {
  const report = (vid: number, time: number, segment: number): Line => {
    const place = { xway: 0, lane: 2, direction: 1, segment, position: segment * SEGMENT_FEET };
    return { type: 0, time, vid, speed: 0, query: -1, day: -1, ...place };
  };
  for (const apart of [30, 31]) {
    const lines = [0, 30, 60, 90].map((time) => report(1, time, 40));
    lines.push(...[0, 30, 60, 90].map((time) => report(2, time + apart, 40)));
    // The second one's fourth report is in minute 3, and the accident is told in minute 4.
    lines.push(report(3, 180, 44));
    lines.sort((one, other) => one.time - other.time);
    const expected = apart === 30 ? ['1,180,180,3,40'] : [];
    assert.deepEqual(answerSlowly(lines, []).accidents, expected);
    assert.deepEqual(answerByLoop(lines, []).accidents, expected);
  }
});

test('random traces: the flow answers as the answerer does, with any parallelism and shares, and workers killed', async () => {
  const options = fc.record({
    workers: fc.integer({ min: 1, max: 3 }),
    parallelism: fc.integer({ min: 1, max: 4 }),
    shares: fc.integer({ min: 1, max: 6 }),
    chaosSeed: fc.option(fc.nat(), { nil: undefined }),
  });
  const property = fc.asyncProperty(settings, options, async (chosen, chosenOptions) => {
    const trace = new Trace(chosen);
    const lines = trace.lines();
    const past = trace.history();
    const [input, history, output] = [newPath('.csv'), newPath('.csv'), newPath('')];
    writeFileSync(input, lines.map((line) => `${inputLine(line)}\n`).join(''));
    writeFileSync(history, past.map((line) => `${historyFileLine(line)}\n`).join(''));
    const answers = answerSlowly(lines, past);
    await runExact({ input, history, output, killsMax: KILLS_MAX, ...chosenOptions });
    const expected = newPath('');
    mkdirSync(expected);
    const { tolls, accidents, balances, expenditures } = answers;
    [tolls, accidents, balances, expenditures].forEach((each, i) => {
      writeFileSync(join(expected, ANSWER_FILES[i]), each.map((line) => `${line}\n`).join(''));
    });
    // Only the balance of the request's own second is accepted.
    const own = balances.map((line) => line.split(',')).map((fields) => `${fields[3]},${fields[5]}\n`);
    writeFileSync(join(expected, 'balances_ok.csv'), own.join(''));
    assertRight(output, expected);
  });
  await fc.assert(property, runs(shortOrLong(3, 6)));
  assert.ok(folder);
});

test('rated mode: every answer of every expressway is given once, and right', async () => {
  const options = { expressways: 3, seconds: 2, fillSeconds: 60, workers: 2, parallelism: 2, seed: 5 };
  const trace = traceFor(options);
  const { types, linesPerSecond } = await runRated(trace, options, () => {});
  assert.ok(Math.abs(linesPerSecond - 3 * 1700) < 30, `${linesPerSecond} lines a second`);
  for (const [type, { answers, timed, wrong, lost, doubled, quantileMs }] of types) {
    assert.deepEqual({ type, wrong, lost, doubled }, { type, wrong: 0, lost: 0, doubled: 0 });
    if (type === 'toll') assert.ok(answers > timed && timed > 0 && quantileMs(0.5) <= quantileMs(0.99));
  }
  // A trace that is answered by other rules is not.
  const tolls = new Int32Array(trace.entries);
  tolls[3] += 2;
  const { types: wrongly } = await runRated(trace, options, () => {});
  assert.equal(wrongly.get('toll')?.wrong, options.expressways);
});

test('rated mode: what was found of answers that were not committed is taken back', () => {
  const trace = makeRatedTrace(3, 40, [{ second: 0, lines: 20 }]);
  const results = allocateResults(10);
  const traffic = { trace, expressways: 2, paceFrom: 30, startedMs: new SharedArrayBuffer(8) };
  // So long ago that every answer is late.
  new Float64Array(traffic.startedMs)[0] = -1e6;
  const checker = new Checker(traffic, allocateChecks(trace, 2, results));
  const entries = new Int32Array(trace.entries);
  // Of the second expressway.
  const passages = Array.from({ length: entries.length / ENTRY_CELLS }, (_, i) => {
    const [vid, time, lav, toll, accident] = entries.subarray(i * ENTRY_CELLS);
    return { kind: 0, vid: vid + trace.vehicles, time, lav, toll, accident, charge: 0, query: 0 };
  });
  const counts = (): number[] => {
    const { answers, wrong, doubled, timed, missed } = resultOf(results, 'toll');
    return [answers, wrong, doubled, timed, missed];
  };
  const timed = passages.filter(({ time }) => time >= 30).length;
  assert.ok(timed > 0 && timed < passages.length);
  const half = passages.length >> 1;
  const first = checker.tolls().open({ operator: 'tolls', position: 0 });
  for (const passage of passages.slice(0, half)) first.write(passage);
  const position = first.flush();
  const committed = counts();
  for (const passage of passages.slice(half - 1)) first.write({ ...passage, toll: passage.toll + 1 });
  assert.deepEqual(counts().slice(0, 3), [passages.length + 1, passages.length - half + 1, 1]);
  const second = checker.tolls().open({ operator: 'tolls', position });
  assert.deepEqual(counts(), committed);
  for (const passage of passages.slice(half)) second.write(passage);
  assert.deepEqual(counts(), [passages.length, 0, 0, timed, timed]);
  const end = second.flush();
  for (let again = 0; again < 2; again++) {
    second.write(passages[half]);
    assert.deepEqual(counts().slice(0, 3), [passages.length + 1, 0, 1]);
    second.rollback(end);
    assert.deepEqual(counts(), [passages.length, 0, 0, timed, timed]);
  }
});

test('rated mode: no answer is lost or doubled while load grows, replicas follow, and workers are killed', async () => {
  const ramp = { growSeconds: 3, utilisation: 0.05 };
  const options = { expressways: 8, seconds: 4, fillSeconds: 0, workers: 2, parallelism: 2, seed: 6, ramp };
  const killPause = { firstMs: 100, fromMs: 200, spanMs: 600 };
  const trace = traceFor(options);
  const starts = new Int32Array(trace.seconds);
  const linesAt = (second: number): number => starts[second + 1] - starts[second];
  assert.ok(linesAt(0) < 1700 / 50 && linesAt(3) >= 1700, 'the load does not grow from a hundredth to the peak');
  let killsAll = 0;
  for (let run = 0; run < CHAOS_RUNS_MAX && killsAll === 0; run++) {
    const { types, chaos } = await runRated(trace, { ...options, chaosSeed: run, killPause }, () => {});
    for (const [type, { wrong, lost, doubled }] of types) {
      assert.deepEqual({ type, wrong, lost, doubled }, { type, wrong: 0, lost: 0, doubled: 0 });
    }
    killsAll += chaos.kills;
  }
  assert.ok(killsAll > 0, 'no worker was killed');
});

test('the search comes within a step of the largest L that holds', async () => {
  for (const [limit, first, step] of [
    [350, 64, 8],
    [350, 64, 1],
    [63, 64, 1],
    [0, 5, 1],
    [64, 64, 8],
  ]) {
    const tried: number[] = [];
    const found = await largestHolding(first, step, async (expressways) => {
      tried.push(expressways);
      return expressways <= limit;
    });
    assert.ok(found <= limit && limit - found < step, `found ${found} for ${limit}, tried ${tried}`);
    assert.equal(new Set(tried).size, tried.length);
  }
  // Nothing beyond what memory allows is tried.
  const tried: number[] = [];
  const all = async (expressways: number): Promise<boolean> => tried.push(expressways) > 0;
  assert.equal(await largestHolding(64, 8, all, () => 150), 150);
  assert.deepEqual(tried, [64, 128, 150]);
  assert.equal(await largestHolding(64, 8, all, () => 0), 0);
});
