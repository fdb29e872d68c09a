// Goal: how far a job has come, and how long the rest may take, is told on a terminal in one line, elsewhere if it is asked for; an
// estimate that rests on nothing is none.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { LineInPlace } from '../../src/cli/line-in-place.ts';
import { ProgressEstimate, progressText, restOf, restText } from '../../src/cli/progress-estimate.ts';
import { flowModule, MAIN, millrace } from '../kit/command.ts';

const at = (elapsedMs: number, progress: number) => ({ elapsedMs, progress });

test('the rest, from samples', () => {
  assert.equal(restOf([]), undefined);
  assert.equal(restOf([at(0, 0.5)]), undefined);
  assert.equal(restOf([at(0, 0), at(1000, 0.25)]), 3000);
  // Only the first and the last one count.
  assert.equal(restOf([at(0, 0), at(500, 0.2), at(1000, 0.25)]), 3000);
  assert.equal(restOf([at(5000, 0.5), at(10_000, 0.75)]), 5000);
  assert.equal(restOf([at(0, 1)]), 0);
  assert.equal(restOf([at(0, 0.5), at(1000, 1)]), 0);
  // Nothing has moved, or too little time has passed, or the clock or the source has gone back.
  assert.equal(restOf([at(0, 0.5), at(1000, 0.5)]), undefined);
  assert.equal(restOf([at(0, 0.5), at(100, 0.6)]), undefined);
  assert.equal(restOf([at(1000, 0.5), at(0, 0.6)]), undefined);
  assert.equal(restOf([at(0, 0.5), at(1000, 0.4)]), undefined);
  assert.equal(restOf([at(0, Number.NaN), at(1000, Number.NaN)]), undefined);
  assert.equal(restOf([at(0, 0), at(1000, Number.MIN_VALUE)]), undefined);
});

type Reading = Parameters<ProgressEstimate['take']>[0];

const reading = (elapsedMs: number, sources: Readonly<Record<string, number | undefined>>): Reading => ({
  elapsedMs,
  operators: [
    ...Object.entries(sources).map(([name, progress]) => ({ name, role: 'source', progress })),
    { name: 'map', role: 'operator' },
  ] as unknown as Reading['operators'],
});

test('of several sources the slowest is waited for', () => {
  const estimate = new ProgressEstimate();
  assert.equal(estimate.take(reading(0, { a: undefined })), undefined);
  estimate.take(reading(0, { a: 0, b: 0 }));
  const progress = estimate.take(reading(1000, { a: 0.5, b: 0.1 }));
  assert.ok(progress !== undefined);
  assert.equal(Math.round(progress.restMs ?? 0), 9000);
  assert.equal(progressText(progress), 'a 50 %, b 10 % read, about 9 s left');
});

test('no rest is told where the end of one source is not known', () => {
  const estimate = new ProgressEstimate();
  estimate.take(reading(0, { a: 0, b: undefined }));
  const progress = estimate.take(reading(1000, { a: 0.5, b: undefined }));
  assert.deepEqual(progress, { sources: [{ name: 'a', progress: 0.5 }], restMs: undefined });
  assert.equal(progressText(progress as NonNullable<typeof progress>), '50 % read');
});

test('it goes by the last half minute, by two looks of whoever looks rarely, and anew where a source has grown', () => {
  const estimate = new ProgressEstimate();
  for (let s = 0; s <= 60; s++) estimate.take(reading(s * 1000, { a: s / 1000 }));
  // Ten times as fast from then on.
  let rest: number | undefined;
  for (let s = 1; s <= 40; s++) rest = estimate.take(reading((60 + s) * 1000, { a: 0.06 + s / 100 }))?.restMs;
  assert.ok(rest !== undefined && Math.abs(rest - 54_000) < 2000, `${rest}`);
  assert.ok(estimate.take(reading(300_000, { a: 0.8 }))?.restMs !== undefined);
  assert.equal(estimate.take(reading(301_000, { a: 0.4 }))?.restMs, undefined);
  assert.equal(estimate.take(reading(302_000, { a: 1 }))?.restMs, 0);
});

test('the rest in words', () => {
  assert.deepEqual([0, 999, 59_400, 60_000, 150_000, 3_600_000, 5_400_000, 90_000_000].map(restText), [
    ...['1 s', '1 s', '59 s', '1 min 0 s', '2 min 30 s', '1 h 0 min', '1 h 30 min', '1 d 1 h'],
  ]);
  // 100 % is the end.
  assert.equal(progressText({ sources: [{ name: 'a', progress: 0.999 }], restMs: 10 }), '99 % read, about 1 s left');
  assert.equal(progressText({ sources: [{ name: 'a', progress: 1 }], restMs: 0 }), '100 % read');
});

test('a line in place: cut to the terminal, and below what others print', () => {
  let written = '';
  const write = (text: string): boolean => {
    written += text;
    return true;
  };
  const line = new LineInPlace({ write, columns: 10 });
  line.pass(() => void write('first\n'));
  line.draw('0123456789 and more');
  line.pass(() => void write('second\n'));
  line.clear();
  line.clear();
  assert.equal(written, 'first\n\r012345678\x1b[K\r\x1b[Ksecond\n012345678\r\x1b[K');
});

test('without a terminal progress with its estimate is told if it is asked for, and none at all if that is not wanted', async () => {
  const [plain, asked, none] = await Promise.all([
    millrace('run', flowModule('counted')),
    millrace('run', flowModule('counted'), '--progress', '--json'),
    millrace('run', flowModule('counted'), '--progress=false'),
  ]);
  for (const { code, stderr } of [plain, asked, none]) assert.equal(code, 0, stderr);
  assert.match(plain.stderr, /counted: \d+\.\d s: numbers /);
  assert.ok(!plain.stderr.includes('% read'));
  assert.match(asked.stderr, /counted: \d+\.\d s, \d+ % read(, about \d+ s left)?: numbers /);
  assert.ok(!/counted: \d+\.\d s: numbers/.test(none.stderr));
});

const script = (command: string) =>
  spawnSync('script', ['-qec', `stty cols 100; ${command}`, '/dev/null'], { encoding: 'utf8', timeout: 50_000 });
const noTerminal = script('true').status === 0 ? false : 'there is no `script` of util-linux to make a terminal with';

test('on a terminal progress is one line that is rewritten, and the tuples are elsewhere', { skip: noTerminal }, () => {
  const { stdout } = script(`'${process.execPath}' '${MAIN}' run '${flowModule('counted')}' > /dev/null`);
  const drawn = stdout.split('\r').filter((text) => text.includes('% read'));
  assert.ok(drawn.length >= 3, stdout);
  for (const text of drawn) assert.match(text, /^counted: \d+\.\d s, \d+ % read(, about \d+ s left)?: numbers [^\n]*$/);
  assert.ok(drawn.some((text) => /about \d s left/.test(text)));
  assert.ok(stdout.includes('\r\x1b[Koperator  replicas'), stdout);
  const live = script(`'${process.execPath}' '${MAIN}' run '${flowModule('counted')}'`).stdout;
  assert.match(live, /counted: \d+\.\d s, \d+ workers?, \d+ % read, about \d s left/);
});
