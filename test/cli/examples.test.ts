// Goal: every example runs as its header says, and prints what it promises.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { millrace, ROOT, start } from '../kit/command.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { inOneOf } from '../kit/run-flow.ts';

async function rows(...args: readonly string[]): Promise<string[][]> {
  const { code, stdout, stderr } = await millrace('run', ...args);
  assert.equal(code, 0, stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

test('word-count', async () => {
  const text = readFileSync(join(ROOT, 'LICENSE'), 'utf8').toLowerCase();
  const expected = new Map<string, number>();
  for (const word of text.match(/[a-z']+/g) ?? []) expected.set(word, (expected.get(word) ?? 0) + 1);
  const counts = await rows('examples/word-count.js', '--file', 'LICENSE');
  assert.deepEqual(new Map(counts.map(([word, count]) => [word, Number(count)])), expected);
  assert.equal(counts.length, expected.size);
});

test('operators', async () => {
  const found = await rows('examples/operators.js', '--orders', '6');
  assert.deepEqual(
    found.filter(([output]) => output === 'largeOrders'),
    [
      ['largeOrders', '3', 'tea', '27'],
      ['largeOrders', '4', 'flour', '36'],
      ['largeOrders', '5', 'salt', '45'],
    ],
  );
  const letters = found.filter(([output]) => output === 'letterCounts').map(([, letter, times]) => letter + times);
  assert.deepEqual(letters.sort(), ['a4', 'e2', 'f4', 'h2', 'i2', 'l4', 'o2', 'r2', 's4', 't4', 'u2']);
});

test('enrich', async () => {
  const { code, stdout, stderr } = await start(join(ROOT, 'examples/enrich.js'), []).done;
  assert.equal(code, 0, stderr);
  const [orders, requests, most] = stdout.split('\n');
  assert.equal(orders, '2,000 orders, each enriched once and in order');
  assert.match(requests, /^2,\d+ requests: \d+ were answered by 503 and tried again, /);
  const together = Number(/^(\d+) requests at the same time at most$/.exec(most)?.[1]);
  assert.ok(together > 20 && together <= 200, most);
});

test('schemas', async () => {
  const [first] = await rows('examples/schemas.js');
  assert.deepEqual(first, [
    '0',
    '0',
    '4000000000',
    '20',
    'true',
    '1767225600000',
    '',
    'mill',
    'AP8=',
    '{"unit":"°C","limits":[-40,125]}',
  ]);
  const { code, stdout, stderr } = await millrace('run', 'examples/schemas.js', '--wrong');
  assert.equal(code, 3);
  assert.match(
    stderr,
    /dead letter: operator 'read', tuple {"index":1}: BAD_VALUE: field 'channel' of operator 'read' is u8.* got 300/,
  );
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line[0]),
    ['0', '2'],
  );
});

test('mailboxes', async () => {
  const { code, stdout } = await millrace(
    'run',
    'examples/mailboxes.js',
    '--tuples',
    '20000',
    '--ring-bytes',
    '16384',
    '--json',
  );
  assert.equal(code, 0);
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as {
    totals: { operators: { name: string; tuplesIn: number; replicas: { tuplesIn: number }[] }[] };
  };
  const slow = last.totals.operators.find(({ name }) => name === 'slow');
  assert.equal(slow?.tuplesIn, 20_000);
  assert.equal(slow?.replicas.length, 2);
  assert.ok(slow?.replicas.every(({ tuplesIn }) => tuplesIn > 5000));
});

test('state', async () => {
  const users = await rows('examples/state.js', '--clicks', '1000');
  assert.deepEqual(
    users.sort(),
    Array.from({ length: 5 }, (_, user) => [`user-${user}`, '200', '10', '95']),
  );
});

test('csv', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-csv-'));
  try {
    const out = join(directory, 'rivers.txt');
    const skipping = await millrace('run', 'examples/csv.js', '--out', out);
    assert.equal(skipping.code, 3, skipping.stderr);
    assert.match(
      skipping.stderr,
      /dead letter: operator 'rivers', tuple \{"line":9,"text":"Congo,.*"\}: BAD_CSV: .* line 9/,
    );
    assert.match(skipping.stderr, /1 tuple was left out as a dead letter/);
    assert.deepEqual(
      skipping.stdout
        .trimEnd()
        .split('\n')
        .sort()
        .map((row) => row.replaceAll('\t', ',')),
      [
        'Africa,2,Nile',
        'Asia,7,Yangtze',
        'Australia,1,Murray–Darling',
        'Europe,2,Volga',
        'North America,1,Mississippi–Missouri',
        'South America,1,Amazon',
      ],
    );
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 14);
    assert.equal(lines[0], 'Nile is 6650 km long');
    const { code, stderr } = await millrace('run', 'examples/csv.js', '--out', out, '--strict');
    assert.equal(code, 1);
    assert.match(stderr, /rivers\.csv, line 9: .*\[BAD_CSV\]/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('moby-dick', async () => {
  const { code, stdout, stderr } = await start(join(ROOT, 'examples/moby-dick/main.js'), [
    '--passes',
    '3',
    '--workers',
    '3',
  ]).done;
  assert.equal(code, 0, stderr);
  assert.match(stdout, / the +43,263\n/);
  assert.match(stdout, /648,267 words, 17,492 distinct; all three counts agree/);
  assert.match(stdout, /aggregate +\d+\.\d\d M words\/s/);
  assert.match(stdout, /single thread: \d+\.\d\d \(aggregate\), \d+\.\d\d \(process\)\n/);
});

test('log-file', async () => {
  const totals = await rows('examples/log-file.js');
  assert.deepEqual(
    totals.map(([path, status, requests, bytes, visitors]) => [path, status, requests, bytes, visitors].join()).sort(),
    [
      '/,200,1500,786000,97',
      '/about,200,480,252320,97',
      '/about,404,20,10180,20',
      '/basket,200,480,252320,97',
      '/basket,404,20,10180,20',
      '/search,200,480,252320,97',
      '/search,404,20,10180,20',
    ],
  );
  const slow = new Map(totals.map(([path, status, , , , ms]) => [`${path} ${status}`, Number(ms)]));
  assert.ok(
    Math.abs((slow.get('/ 200') as number) / 18.8 - 1) < 0.02,
    `a tenth is slower than ${slow.get('/ 200')} ms`,
  );
});

test('log-windows', async () => {
  const found = await rows('examples/log-windows.js');
  const late = found.filter(([output]) => output === 'late');
  assert.equal(late.length, 6, 'the lines that came 90 s late');
  const minutes = found.filter(([output]) => output === 'minutes');
  assert.equal(minutes.length, 30, 'ten minutes of three paths');
  assert.equal(
    minutes.reduce((sum, [, , , requests]) => sum + Number(requests), 0),
    600 - late.length,
  );
  assert.deepEqual(
    minutes
      .filter(([, minute]) => minute === '2024-05-01T12:00')
      .map(([, , path, requests]) => path + requests)
      .sort(),
    ['/29', '/basket10', '/search20'],
  );
});

test('sessions', async () => {
  const visits = await rows('examples/sessions.js');
  assert.deepEqual(
    visits.map(([user, from, seconds, clicks]) => [user, from.slice(11), seconds, clicks].join(' ')).sort(),
    [
      'ann 12:00 20 2',
      'ann 12:34 330 4',
      'ann 13:24 140 2',
      'bob 12:00 310 3',
      'bob 12:50 530 5',
      'bob 13:55 280 3',
      'cyd 12:01 330 4',
      'cyd 13:02 230 2',
      'cyd 13:39 420 4',
    ],
  );
});

/** It takes its time for each death; other examples whose workers die are run each time. */
const LONG = { skip: shortOrLong<string | false>('in the long form', false) };

test('moby-dick --crash', LONG, async () => {
  const main = join(ROOT, 'examples/moby-dick/main.js');
  const { code, stdout, stderr } = await start(main, ['--crash', '--workers', '3']).done;
  assert.equal(code, 0, stderr);
  const happened = stdout.split('\n').map((line) => /^ *\d+\.\d{3} s +(.*)/.exec(line)?.[1] ?? '');
  const kinds = happened
    .map((line) => /^(crash|adoption|recovered):/.exec(line)?.[1])
    .filter((kind) => kind !== undefined);
  const countOf = (kind: string): number => kinds.filter((each) => each === kind).length;
  assert.deepEqual([countOf('crash'), countOf('adoption')], [3, 3]);
  // A worker that dies may have hosted both the reader and the counter.
  assert.ok(countOf('recovered') >= 3);
  assert.match(stdout, /\. Worker \d is terminated from outside: job\.killWorker\(\d\)\n/);
  assert.match(stdout, /crash: worker \d died with the actors? 'lines-0'.*: worker exited with code: 1\n/);
  assert.match(stdout, /recovered: 'count' has committed its next batch, [\d.]+ ms after the crash was noticed\n/);
  assert.match(stdout, /recovered: 'lines-0' has committed its next batch/);
  assert.match(stdout, /The book is closed: job\.stop\(\)\n/);
  assert.match(stdout, / the +([\d,]+) +\1\n/);
  assert.match(stdout, / words +([\d,]{9,}) +\1\n/);
  assert.match(stdout, /\nAll counts agree, word for word/);
});

test('moby-dick --crash knows no --passes', async () => {
  const main = join(ROOT, 'examples/moby-dick/main.js');
  const { code, stderr } = await start(main, ['--crash', '--passes', '2', '--workers', '2']).done;
  assert.equal(code, 1);
  assert.match(stderr, /^moby-dick: --crash reads the book until .*: leave out --passes\n$/);
});

test('recovery', async () => {
  const { code, stdout, stderr } = await start(join(ROOT, 'examples/recovery.js'), []).done;
  assert.equal(code, 0, stderr);
  assert.match(
    stdout.replace(/[\d.]+ ms/, 'n ms').replace(/\(row .*\)/, '(row n)'),
    /^crash: worker 1 died with the actors 'till': worker exited with code: 1\nadoption: worker 2, a warm spare, has taken over 'till'\nrecovered: 'till', n ms after the crash was noticed\ntotals:\n/,
  );
  for (const total of [
    'bread: 3334 orders, 4150.83 €, as it must be',
    'cake: 3333 orders, 4149.50 €, as it must be',
    'rolls: 3332 orders, 4148.67 €, as it must be',
  ]) {
    assert.ok(stdout.includes(`  ${total}\n`), stdout);
  }
  assert.match(
    stdout,
    /dead letters:\n {2}operator 'till', key 'rolls': order 7000 has no price \(row \d+ .*\)\n {2}{ id: 7000, product: 'rolls', cents: NaN }\nsupervision tree:\n/,
  );
  assert.match(stdout, /\n {4}operator till: ended, 1 restart\n {6}replica 0: ended, 1 restart\n/);
});

test('bank', async () => {
  const { code, stdout, stderr } = await start(join(ROOT, 'examples/bank.js'), []).done;
  assert.equal(code, 0, stderr);
  const first = '100 accounts with 1,000.00 each; 20,000 transfers; 5 threads killed';
  assert.equal(stdout, `${first}\nsum: 100,000.00\n`);
});

test('own-connectors', async () => {
  const { code, stdout, stderr } = await start(join(ROOT, 'examples/own-connectors.js'), []).done;
  assert.equal(code, 0, stderr);
  const means = [0, 1, 2, 3].map((sensor) => `sensor ${sensor}: mean ${21.5 + sensor}0 of 2500 readings\n`);
  assert.equal(stdout, `${means.join('')}2 workers died; no reading is lost, and none counts twice\n`);
});

// On a busy machine the other replicas may have ended before the lost one is restarted: then they are left alone.
const restartsByStrategy = async (): Promise<void> => {
  const { code, stdout, stderr } = await start(join(ROOT, 'examples/supervision.js'), []).done;
  assert.equal(code, 0, stderr);
  assert.match(stdout, / 400 prices of 400 parcels; crashes: [1-9]\n/);
  assert.match(stdout, / one_for_one +restarts 1 +\(400 prices of 400 parcels\)\n/);
  assert.match(stdout, / one_for_all +restarts 0, 1, 2 +\(400 prices of 400 parcels\)\n/);
  assert.match(stdout, / rest_for_one +restarts 1, 2 +\(400 prices of 400 parcels\)\n/);
  assert.match(
    stdout,
    / {3}shop\/ask gives up: shop decides\n {3}shop gives up: millrace decides\n {3}the job fails, and this app goes on\. RESTART_INTENSITY: .*\n$/,
  );
};

test('supervision', () => inOneOf(3, restartsByStrategy));

// What is decided in so short a surge, and when, a busy machine may spoil.
const absorbsASurge = async (): Promise<void> => {
  const { code, stdout, stderr } = await start(join(ROOT, 'examples/elastic.js'), ['0.5', '2', '1']).done;
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\n? +0\.\d s +200 orders\/s .* 1 replica {3}busy +\d+ % {2}p99 +\d+ ms\n/);
  // More than one replica can do come: 1,500 of 2 ms each.
  assert.match(
    stdout,
    /^scale 'check' from 1 to [2-6]: [\d,]+ tuples\/s come(, as many as the slowest stage takes,)? and a replica of 'check' does [\d,]+ tuples\/s: /m,
  );
  assert.match(stdout, /\n[\d,]+ orders, each checked once and in order; at most [2-6] replicas\n$/);
};

test('elastic', () => inOneOf(3, absorbsASurge));
