// Goal: a running process can be looked at from outside by its own user, and by nobody else; what is seen is what the job is; looking
// changes nothing, and what is not there is told in a sentence.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, test } from 'node:test';
import { jobAt } from '../../src/cli/attach.ts';
import { parseAttach } from '../../src/cli/attach-arguments.ts';
import { inspected } from '../../src/cli/inspect.ts';
import { top } from '../../src/cli/top.ts';
import type { Notice } from '../../src/index.ts';
import { socketPath } from '../../src/supervisor/inspect/local-socket.ts';
import { jsonOf, reportsOf } from '../../src/supervisor/inspect/report-json.ts';
import { start as command, flowModule, MAIN, millrace } from '../kit/command.ts';
import { MARKUP, watched, wide } from '../kit/flows/dashboard.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const OPTIONS = { workers: 1, spares: 1, notices: false, params: {}, inspect: true } as const;
const HERE = { pid: process.pid };

/** What a view writes to. */
function sheet(): { readonly lines: string[]; readonly columns: number; write(text: string): boolean } {
  const lines: string[] = [];
  return { lines, columns: 200, write: (text) => lines.push(...text.trimEnd().split('\n')) > 0 };
}

const answer = (headers: Record<string, string>, method = 'GET', path = '/jobs'): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath: socketPath(process.pid), path, method, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject).end();
  });

test('inspect prints what a job is made of, and what has happened', TIMEOUT, async () => {
  const job = await start(watched, OPTIONS);
  try {
    await job.input('words').push({ word: 'a' });
    await until(() => job.reading().operators[2].tuplesIn === 1, 'the tuple');
    await job.killWorker(0);
    await until(() => job.tree().restarts > 0, 'the restart');
    const text = await inspected({ kind: 'inspect', target: HERE, job: undefined, json: false });
    assert.match(text, new RegExp(`^watched: process ${process.pid}, run [0-9a-f-]+, for \\d`));
    for (const line of [/count +\S+ +1 +1/, /words → check/, /operator count: \w+/, /crash: worker 0/, /worker \d+ /])
      assert.match(text, line);
    const report = JSON.parse(await inspected({ kind: 'inspect', target: HERE, job: 'watched', json: true }));
    assert.equal(report.job, 'watched');
    assert.deepEqual(report.topology, JSON.parse(JSON.stringify(job.topology())));
    assert.ok(report.events.some(({ type }: { type: string }) => type === 'crash'));
  } finally {
    await job.cancel();
  }
});

test('top shows rates again and again, until the job has ended; with --json a line each', TIMEOUT, async () => {
  const job = await start(watched, OPTIONS);
  const plain = sheet();
  const lines = sheet();
  const command = { kind: 'top', target: HERE, job: undefined, everyMs: 100 } as const;
  const both = [
    top({ ...command, json: false, count: Number.POSITIVE_INFINITY }, plain),
    top({ ...command, json: true, count: 3 }, lines),
  ];
  await both[1];
  assert.equal(lines.lines.length, 3);
  for (const line of lines.lines) {
    const { job: name, operators, spanMs } = JSON.parse(line);
    assert.equal(name, 'watched');
    assert.ok(spanMs > 50);
    assert.deepEqual(
      operators.map((operator: { name: string }) => operator.name),
      ['words', 'check', 'count', 'counts'],
    );
  }
  await job.cancel();
  await both[0];
  assert.match(plain.lines.at(-1) as string, /watched has ended/);
  assert.match(plain.lines[0], /^watched \(process \d+\): [\d.]+ s, 1 worker$/);
});

test('one process may have several jobs; the socket goes with the last one, and comes again', TIMEOUT, async () => {
  const first = await start(watched, OPTIONS);
  const second = await start(wide, OPTIONS);
  assert.equal((await jobAt(HERE, undefined)).job, 'wide', 'the latest');
  assert.equal((await jobAt(HERE, 'watched')).job, 'watched');
  const error = await rejection(jobAt(HERE, 'nothing'), 'ATTACH_FAILED');
  assert.match(error.message, /no job 'nothing' at process \d+, which has 'watched', 'wide'/);
  await second.cancel();
  assert.equal((await jobAt(HERE, undefined)).job, 'watched');
  await first.cancel();
  await rejection(jobAt(HERE, undefined), 'ATTACH_FAILED');
  const third = await start(watched, OPTIONS);
  assert.equal((await jobAt(HERE, undefined)).job, 'watched');
  await third.cancel();
});

test('nobody can attach unless a job lets them', TIMEOUT, async () => {
  const job = await start(watched, { ...OPTIONS, inspect: undefined });
  const error = await rejection(jobAt(HERE, undefined), 'ATTACH_FAILED');
  assert.match(error.message, /no job answers at process \d+: nobody listens there/);
  assert.match(error.message, /inspect: true/);
  await job.cancel();
});

test('the socket is its user’s alone, reads only, and answers no request that a browser could send', {
  ...TIMEOUT,
  skip: process.platform === 'win32',
}, async () => {
  const job = await start(watched, OPTIONS);
  try {
    const path = socketPath(process.pid);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
    assert.equal(await answer({ host: 'millrace' }), 200);
    assert.equal(await answer({ host: 'localhost' }), 404);
    assert.equal(await answer({ host: 'millrace', origin: 'http://evil.example' }), 404);
    assert.equal(await answer({ host: 'millrace' }, 'POST'), 404);
    assert.equal(await answer({ host: 'millrace' }, 'GET', '/action'), 404);
  } finally {
    await job.cancel();
  }
});

test('a folder that others can look into is not used: the job runs, and a notice says why', {
  ...TIMEOUT,
  skip: process.platform === 'win32',
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attach-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  const notices: Notice[] = [];
  try {
    const first = await start(watched, OPTIONS);
    await first.cancel();
    await chmod(dirname(socketPath(process.pid)), 0o755);
    const job = await start(watched, { ...OPTIONS, notices: (notice) => notices.push(notice) });
    await job.cancel();
    await job.done.catch(() => {});
    assert.deepEqual(
      notices
        .filter(({ kind }) => kind === 'inspect')
        .map(({ text }) => /is not a folder of this user only/.test(text)),
      [true],
    );
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await rm(folder, { recursive: true });
  }
});

test('a page can be attached to by its address, within its rules', TIMEOUT, async () => {
  const token = 'a-token-of-the-mill';
  const job = await start(watched, { ...OPTIONS, inspect: false, metrics: { port: 0, token }, ui: { port: 0 } });
  try {
    const { ui, metrics } = job.urls;
    assert.equal((await jobAt({ url: new URL(ui as string) }, undefined)).job, 'watched');
    const refused = await rejection(jobAt({ url: new URL(metrics as string) }, undefined), 'ATTACH_FAILED');
    assert.match(refused.message, /MILLRACE_UI_TOKEN/);
    process.env.MILLRACE_UI_TOKEN = token;
    assert.equal((await jobAt({ url: new URL(metrics as string) }, undefined)).job, 'watched');
  } finally {
    delete process.env.MILLRACE_UI_TOKEN;
    await job.cancel();
  }
});

test('as commands, on a job of millrace run', { ...TIMEOUT, skip: process.platform === 'win32' }, async () => {
  const running = command(MAIN, ['run', flowModule('endless'), '--workers', '1']);
  try {
    await running.seen('\n');
    const pid = String(running.pid);
    const inspect = await millrace('inspect', pid);
    assert.equal(inspect.code, 0, inspect.stderr);
    assert.match(inspect.stdout, new RegExp(`process ${pid}`));
    const looked = await millrace('top', pid, '--json', '--count', '1', '--every-ms', '100');
    assert.equal(looked.code, 0, looked.stderr);
    assert.equal(JSON.parse(looked.stdout).pid, running.pid);
  } finally {
    running.interrupt();
    running.interrupt();
    await running.done;
  }
  const none = await millrace('inspect', '1');
  assert.equal(none.code, 1);
  assert.match(none.stderr, /^millrace: no job answers at process 1: .*\[ATTACH_FAILED\]\n {2}see .*\n$/);
});

test('command lines', () => {
  assert.deepEqual(parseAttach('top', ['12', '--json', '--every-ms', '200', '--count=3', '--job', 'a']), {
    kind: 'top',
    target: { pid: 12 },
    job: 'a',
    json: true,
    everyMs: 200,
    count: 3,
  });
  const fails = (kind: 'top' | 'inspect', args: string[], code: string, message: RegExp): void =>
    assert.throws(() => parseAttach(kind, args), { code, message });
  fails('top', [], 'USAGE', /millrace top needs the number of a process, or the address of a page/);
  fails('top', ['1', '2'], 'USAGE', /'2' is a second/);
  fails('top', ['flow.js'], 'USAGE', /got 'flow\.js'/);
  fails('top', ['https://a'], 'USAGE', /got 'https:\/\/a'/);
  fails('top', ['1', '--every-ms', '5'], 'BAD_OPTION', /an integer from 100/);
  fails('top', ['1', '--count', 'x'], 'BAD_OPTION', /an integer from 1/);
  fails('inspect', ['1', '--count', '1'], 'USAGE', /Unknown option '--count'/);
});

test('infinite times come through JSON, and names that look like them stay names', () => {
  const report = [{ job: 'Infinity', time: { watermark: Number.NEGATIVE_INFINITY, lagMs: Number.POSITIVE_INFINITY } }];
  assert.deepEqual(reportsOf(jsonOf(report)), report);
});

test('texts of a job cannot move the cursor', TIMEOUT, async () => {
  const job = await start(watched, OPTIONS);
  try {
    await job.input('words').push({ word: `!\x1b[2J${MARKUP}` });
    const text = await inspected({ kind: 'inspect', target: HERE, job: undefined, json: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f]/);
  } finally {
    await job.cancel();
  }
});
