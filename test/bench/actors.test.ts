// Goal: suite `actors` has the results that docs/benchmarks.md names; its contenders check their own answers, and a wrong one fails.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { erlang } from '../../bench/baselines/erlang.ts';
import type { Effort } from '../../bench/effort.ts';
import { transferOf } from '../../bench/flows/transfers.ts';
import { runExperiment } from '../../bench/harness.ts';
import { actors } from '../../bench/suites/actors.ts';
import { requireRight } from '../../bench/suites/actors-contender.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-escript-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const resultsOf = (effort: Effort): readonly string[] => actors(effort).flatMap(({ results }) => results);

test('a million idle actors are a matter of --full', () => {
  const usual = resultsOf('usual');
  assert.ok(usual.includes('memory-100k') && usual.includes('timers-late') && usual.includes('crash'));
  assert.deepEqual(
    resultsOf('full').filter((name) => !usual.includes(name)),
    ['memory-1m'],
  );
});

test('targets and units are those of results that are there', () => {
  for (const { results, targets = {}, units = {} } of actors('full')) {
    for (const name of [...Object.keys(targets), ...Object.keys(units)]) assert.ok(results.includes(name), name);
  }
});

for (const result of ['big', 'bank', 'timers', 'memory-100k', 'crash', 'transactions']) {
  test(`${result}: each contender gives a figure, and finds its answers right`, { timeout: 180_000 }, async () => {
    const experiment = actors('quick').find(({ results }) => results.includes(result));
    assert.ok(experiment !== undefined);
    const found = await runExperiment({ ...experiment, warmUp: false, rounds: 1 }, () => {});
    assert.deepEqual(
      found.map(({ name }) => name),
      experiment.results,
    );
    for (const { name, value, vs } of found) {
      assert.ok(value > 0, name);
      assert.equal(Object.keys(vs).length, experiment.baselines.length);
      for (const [baseline, their] of Object.entries(vs)) assert.ok(their.value > 0 && their.ratio > 0, baseline);
    }
  });
}

test('an answer that is not right is an error', () => {
  requireRight('counts', [1, 2], [1, 2]);
  assert.throws(() => requireRight('counts', [1, 3], [1, 2]), /counts should be 1, 2, and are 1, 3/);
  assert.throws(() => requireRight('counts', [1], [1, 2]), /counts should be 1, 2, and is 1/);
});

test('transfers go to another account, and are spread over all of them', () => {
  const seen = new Set<number>();
  for (let n = 0; n < 1000; n++) {
    const { source, target, cents } = transferOf(n, 10);
    assert.ok(source !== target && cents >= 1 && cents <= 100);
    seen.add(source * 10 + target);
  }
  assert.equal(seen.size, 90);
});

test('without Erlang there is no baseline, and a word about it', () => {
  const { baselines, note } = erlang('ring', [1, 2], 2, { path: folder });
  assert.equal(baselines.length, 0);
  assert.match(note ?? '', /^ring: without its baseline in Erlang, since no escript is on the PATH$/);
});

test('a run in Erlang that has counted something else is an error', {
  skip: process.platform === 'win32',
}, async () => {
  const bin = mkdtempSync(join(folder, 'bin-'));
  writeFileSync(join(bin, 'escript'), '#!/bin/sh\necho "$ERL_FLAGS" | grep -q "+S 3:3" && echo 2.5 41\n');
  chmodSync(join(bin, 'escript'), 0o755);
  const path = `${bin}${delimiter}${process.env.PATH}`;
  const open = (counted: number) => erlang('ring', [1], counted, { path, schedulers: 3 }).baselines[0]();
  assert.deepEqual(await (await open(41)).run(), { ring: 2.5 });
  await assert.rejects((await open(42)).run(), /ring should count 42, and has told: 2\.5 41/);
});
