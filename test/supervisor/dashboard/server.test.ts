// Goal: whoever only looks changes nothing and can harm nothing; whoever may act acts by the token, and by nothing else.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import type { Job, RunOptions } from '../../../src/index.ts';
import { ASSET_PATHS } from '../../../src/supervisor/dashboard/assets.ts';
import { MARKUP, oddNames, watched } from '../../kit/flows/dashboard.ts';
import { type Answer, ask, type Frame, framesOf, opened, statusOf } from '../../kit/pages.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../../kit/run-flow.ts';

afterEach(noThreadLeft);

const TOKEN = 'a-token-of-the-mill';
const UI = { workers: 1, spares: 1, notices: false, params: {}, ui: { port: 0 } } as const;

/** Runs a flow with a page, and ends it whatever a test finds. */
async function withPage(
  options: RunOptions<Record<string, never>>,
  use: (
    url: string,
    job: Job<{ counts: { word: string; count: number } }, { words: { word: string } }>,
  ) => Promise<void>,
): Promise<void> {
  const job = (await start(watched, { ...UI, ...options })) as never as Parameters<typeof use>[1];
  try {
    await use(job.urls.ui as string, job);
  } finally {
    await job.cancel();
  }
}

const post = (url: string, action: object, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(`${url}action`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
    body: JSON.stringify(action),
  });

test('no path answers another host or another origin', TIMEOUT, () =>
  withPage({}, async (url) => {
    const { host, port } = new URL(url);
    for (const path of [
      ...ASSET_PATHS,
      '/events',
      '/jobs',
      '/metrics',
      '/action',
      '/profile',
      '/state',
      '/operator',
      '/nothing',
    ]) {
      const at = `http://${host}${path}`;
      for (const wrong of ['evil.example', `127.0.0.1.evil.example:${port}`, `127.0.0.1:1`])
        assert.equal(await statusOf(at, { headers: { host: wrong } }), 421, `${path} of ${wrong}`);
      for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1'])
        assert.equal(await statusOf(at, { headers: { origin } }), 403, `${path} from ${origin}`);
      const preflight = await ask(at, {
        method: 'OPTIONS',
        headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
      });
      assert.equal(preflight.status, 403);
      assert.deepEqual(
        Object.keys(preflight.headers).filter((name) => name.startsWith('access-control')),
        [],
      );
    }
    assert.equal(await statusOf(url, { headers: { host: `localhost:${port}` } }), 200);
  }),
);

test('at [::1] the same holds as at 127.0.0.1', TIMEOUT, () =>
  withPage({ ui: { port: 0, host: '::1' } }, async (url) => {
    const { port } = new URL(url);
    assert.equal(url, `http://[::1]:${port}/`);
    for (const path of ['', 'events', 'metrics', 'operator?name=count']) {
      assert.equal(await statusOf(url + path), 200, path);
      assert.equal(await statusOf(url + path, { headers: { host: `localhost:${port}` } }), 200, path);
      for (const host of ['evil.example', '[::1]:1', `localhost.evil.example:${port}`])
        assert.equal(await statusOf(url + path, { headers: { host } }), 421, `${path} of ${host}`);
      assert.equal(await statusOf(url + path, { headers: { origin: 'http://evil.example' } }), 403, path);
    }
  }),
);

test('every module of the page is served', () => {
  const modules = readdirSync('src/supervisor/dashboard/page').filter((name) => name.endsWith('.js'));
  assert.deepEqual(
    modules.filter((name) => !ASSET_PATHS.includes(`/${name}`)),
    [],
  );
});

test('every file is there, closed to what is not ours, and has no script or style of its own inside', TIMEOUT, () =>
  withPage({}, async (url) => {
    for (const path of ASSET_PATHS) {
      const { status, headers, text } = await ask(new URL(path, url).href);
      assert.equal(status, 200, path);
      assert.match(
        String(headers['content-security-policy']),
        /default-src 'none'; script-src 'self'; style-src 'self'/,
      );
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|https?:/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.ok(text.length > 100, path);
      if (path === '/') assert.doesNotMatch(text, /<script(?![^>]*src=)|\son\w+=|style=|https?:/);
    }
    assert.equal((await ask(`${url}../../package.json`)).status, 404);
    assert.equal((await ask(`${url}%2e%2e/package.json`)).status, 404);
  }),
);

test('without a token nothing acts', TIMEOUT, () =>
  withPage({}, async (url, job) => {
    assert.equal((await post(url, { action: 'scale', operator: 'count', replicas: 2 })).status, 403);
    assert.equal(job.topology().operators.find(({ name }) => name === 'count')?.replicas, 1);
  }),
);

test('with the token the page scales, spreads, moves and kills; each wrong request does nothing', TIMEOUT, () =>
  withPage({ ui: { port: 0, token: TOKEN }, maxWorkers: 2 }, async (url, job) => {
    const replicas = (): number | undefined => job.topology().operators.find(({ name }) => name === 'count')?.replicas;
    const scale = { action: 'scale', operator: 'count', replicas: 2 };
    assert.equal((await post(url, scale, { authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await post(url, scale, { origin: 'http://evil.example' })).status, 403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', ''])
      assert.equal((await post(url, scale, { 'content-type': type })).status, 415, type);
    const query = `action?action=scale&operator=count&replicas=2&token=${TOKEN}`;
    assert.equal((await ask(url + query, { headers: { authorization: `Bearer ${TOKEN}` } })).status, 405);
    assert.equal((await post(url, { action: 'scale', operator: 'count', replicas: '2' })).status, 400);
    assert.equal((await post(url, { ...scale, note: 'x'.repeat(5000) })).status, 413);
    assert.equal((await post(url, { ...scale, replicas: 99 })).status, 409);
    assert.equal(replicas(), 1);
    assert.equal((await post(url, scale, { origin: url.slice(0, -1) })).status, 200);
    assert.equal(replicas(), 2);
    assert.equal((await post(url, { action: 'rebalance', operator: 'count' })).status, 200);
    const from = job.workers().find(({ actors }) => actors.some(({ replica }) => replica === 1))?.worker as number;
    const crashes: unknown[] = [];
    job.on('crash', (event) => crashes.push(event));
    assert.equal((await post(url, { action: 'kill', worker: from })).status, 200);
    await until(() => crashes.length > 0, 'the crash');
    assert.equal((await post(url, { action: 'kill', worker: 4711 })).status, 409);
  }),
);

test('state is shown where it is asked for only, page by page and by key, cut and as text', TIMEOUT, async () => {
  await withPage({}, async (url) => assert.equal((await ask(`${url}state?operator=count`)).status, 403));
  await withPage({ ui: { port: 0, state: true } }, async (url, job) => {
    const input = job.input('words');
    const long = `long ${'x'.repeat(50_000)}`;
    const odd = ['a', '12', MARKUP, long, 'pg://u:secret@h/db'];
    for (const word of odd) await input.push({ word });
    for (let i = 0; i < 300; i++) await input.push({ word: `w${i}` });
    await until(() => job.reading().operators[2].tuplesIn === 305, 'all words');
    const seen: string[] = [];
    let at = 'group=0&skip=0';
    for (let pages = 0; pages < 50; pages++) {
      const { status, text } = await ask(`${url}state?operator=count&${at}`);
      assert.equal(status, 200);
      assert.doesNotMatch(text, /secret/);
      assert.ok(text.length < 60_000, 'a page is bounded');
      const { rows, next } = JSON.parse(text);
      assert.ok(rows.length <= 50);
      for (const { key, value } of rows) {
        seen.push(key[0][1]);
        assert.deepEqual(value, [['count', '1']]);
      }
      if (next === undefined) break;
      at = `group=${next.group}&skip=${next.skip}`;
    }
    assert.equal(seen.length, 305);
    assert.equal(new Set(seen).size, 305, 'each row once');
    assert.ok(seen.includes(MARKUP), 'as it is: the page makes text of it');
    assert.ok(seen.some((key) => key.includes('50,005 characters')));
    const rowsOf = async (key: string) =>
      JSON.parse((await ask(`${url}state?operator=count&key=${encodeURIComponent(key)}`)).text).rows;
    assert.deepEqual((await rowsOf('12'))[0].value, [['count', '1']]);
    assert.deepEqual(await rowsOf('nowhere'), []);
    assert.equal((await ask(`${url}state?operator=check`)).status, 409);
    assert.equal((await ask(`${url}state?operator=count&group=256`)).status, 400);
    assert.equal((await ask(`${url}state`)).status, 400);
  });
});

test('whoever browses state keeps no job from ending', TIMEOUT, () =>
  withPage({ ui: { port: 0, state: true } }, async (url, job) => {
    await ask(`${url}state?operator=count`);
    await job.input('words').push({ word: 'a' });
    for await (const _ of job.output('counts').batches()) break;
    await job.done;
  }),
);

test('a profile is given to whoever has the token, and a wrong request gets none', TIMEOUT, () =>
  withPage({ ui: { port: 0, token: TOKEN } }, async (url) => {
    const asked = (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
      ask(`${url}profile`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
        body: JSON.stringify(body),
      });
    assert.equal((await asked({ operator: 'count' }, { authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await asked({ operator: 'count' }, { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await asked({})).status, 400);
    assert.equal((await asked({ operator: 'count', ms: 1e9 })).status, 400);
    assert.match((await asked({ operator: 'nothing', ms: 20 })).text, /UNKNOWN_NAME/);
    const { status, text } = await asked({ operator: 'count', ms: 50 });
    assert.equal(status, 200);
    assert.ok(JSON.parse(text).nodes.length > 1);
  }),
);

test('what comes by and by comes once to each reader, and a late one gets what is kept', TIMEOUT, () =>
  withPage({}, async (url, job) => {
    const input = job.input('words');
    for (let i = 0; i < 20; i++) await input.push({ word: `!${MARKUP}${i}` });
    const seen: string[] = [];
    let hello: Frame['data'];
    for await (const { event, data } of framesOf(`${url}events`)) {
      if (event === 'hello') hello = data;
      else seen.push(...data.letters.map(({ error }: { error: string }) => error));
      if (seen.length >= 20) break;
    }
    assert.equal(new Set(seen).size, 20);
    assert.deepEqual(
      hello.operators.map(({ name }: { name: string }) => name),
      ['words', 'check', 'count', 'counts'],
    );
    for await (const { event, data } of framesOf(`${url}events`)) {
      if (event === 'hello') continue;
      assert.equal(data.letters.length, 20);
      const [letter] = data.letters;
      assert.match(letter.stack, /dashboard\.[jt]s/);
      assert.deepEqual(letter.tuple, [['word', `!${MARKUP}0`]]);
      break;
    }
    // Looking has read nothing for the app.
    let count = 0;
    for await (const _ of job.deadLetters) if (++count === 20) break;
    assert.equal(count, 20);
  }),
);

test('a reader hears of a crash, of its recovery, and of the end; then the server is gone', TIMEOUT, async () => {
  const job = await start(watched, UI);
  const url = `${job.urls.ui}events`;
  const types: string[] = [];
  let isOver = false;
  try {
    for await (const { event, data } of framesOf(url)) {
      if (event !== 'state') continue;
      const before = types.length;
      types.push(...data.events.map(({ type }: { type: string }) => type));
      isOver = data.isOver;
      if (before === 0) await job.killWorker(job.workers().find(({ actors }) => actors.length > 0)?.worker as number);
      if (types.includes('restart') && !isOver) await job.input('words').end();
      if (types.includes('restart')) void job.stop();
    }
  } finally {
    await job.cancel();
  }
  assert.ok(isOver, 'the last state says that it is the last');
  for (const type of ['started', 'crash', 'restart', 'ended'])
    assert.equal(types.filter((each) => each === type).length > 0, true, type);
  await assert.rejects(ask(url), /ECONNREFUSED/);
});

test('readers that take nothing, and those that vanish, hold nothing up; there are so many at most', TIMEOUT, () =>
  withPage({}, async (url, job) => {
    const readers = await Promise.all(Array.from({ length: 32 }, () => opened(`${url}events`)));
    for (const reader of readers) assert.equal(reader.statusCode, 200);
    assert.equal(await statusOf(`${url}events`), 503);
    const input = job.input('words');
    for (let i = 0; i < 2000; i++) await input.push({ word: `!${'x'.repeat(1000)}${i}` });
    // Whoever reads beside them gets state upon state.
    for (const reader of readers.slice(16)) reader.on('error', () => {}).destroy();
    await until(async () => (await statusOf(`${url}events`)) === 200, 'room for another reader');
    let states = 0;
    for await (const { event } of framesOf(`${url}events`)) if (event === 'state' && ++states === 4) break;
    for (const reader of readers) reader.on('error', () => {}).destroy();
  }),
);

test('names with markup, quotes and 10 kB come as text of bounded length', TIMEOUT, async () => {
  const job = await start(oddNames, UI);
  try {
    for await (const { event, data } of framesOf(`${job.urls.ui}events`)) {
      if (event === 'hello') {
        assert.equal(data.job, `odd ${MARKUP}`);
        for (const { name } of data.operators) assert.ok(name.length < 200);
        continue;
      }
      assert.ok(JSON.stringify(data).length < 200_000);
      break;
    }
  } finally {
    await job.cancel();
  }
});

test('nobody who looks: nothing is read', TIMEOUT, () =>
  withPage({}, async (url, job) => {
    let readings = 0;
    const { reading } = job;
    job.reading = (...args) => {
      readings++;
      return reading.apply(job, args);
    };
    let states = 0;
    for await (const { event } of framesOf(`${url}events`)) if (event === 'state' && ++states === 3) break;
    assert.ok(readings >= 3);
    // The one that is under way may still come.
    await new Promise((resolve) => setTimeout(resolve, 600));
    const before = readings;
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.equal(readings, before);
  }),
);
