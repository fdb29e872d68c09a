// Goal: a page has the state of its job whenever it comes and whatever it has missed, and is told no more than what has changed.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../../src/index.ts';
import { Feed, type Place } from '../../../src/supervisor/dashboard/feed.ts';
import type { WatchedJob } from '../../../src/supervisor/dashboard/watched-job.ts';
import { ODD_NAMES, oddNames, watched } from '../../kit/flows/dashboard.ts';
import { ask, framesOf } from '../../kit/pages.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../../kit/run-flow.ts';

afterEach(noThreadLeft);

const UI = { workers: 1, spares: 1, notices: false, params: {}, ui: { port: 0 } } as const;
type Watched = Job<{ counts: { word: string; count: number } }, { words: { word: string } }>;

const PAGE = new URL('../../../../src/supervisor/dashboard/page/', import.meta.url);
type Told = Readonly<Record<string, unknown>>;
const { changed } = (await import(new URL('changes.js', PAGE).href)) as {
  changed(before: unknown, change: unknown): Told;
};
interface PageReader {
  start(): void;
  stop(): void;
}
const { Reader } = (await import(new URL('reader.js', PAGE).href)) as {
  Reader: new (tell: (message: { readonly kind: string; readonly [name: string]: unknown }) => void) => PageReader;
};

/** A page as it reads: it has a state, or nothing yet. */
class Tab {
  readonly place: Place;
  state: Told | undefined;
  wholes = 0;
  bytes = 0;

  constructor(feed: Feed) {
    this.place = feed.place();
  }

  take(feed: Feed): void {
    const text = feed.frame(this.place);
    const { state, change } = JSON.parse(text) as { readonly state?: Told; readonly change?: Told };
    this.bytes = text.length;
    assert.notEqual(state === undefined, change === undefined, 'either the whole or what has changed');
    if (state !== undefined) this.wholes++;
    this.state = state ?? changed(this.state, change);
  }
}

test(
  'tabs that come late, miss states or read twice all have the same state, told by what has changed',
  TIMEOUT,
  async () => {
    const job = (await start(watched, { ...UI, ui: undefined })) as never as Watched & WatchedJob;
    job.hasState = () => false;
    job.watchLetters = () => {};
    try {
      const feed = new Feed(job, { system: undefined, canAct: false, showsState: false });
      await feed.hello();
      const [steady, late, lazy] = [new Tab(feed), new Tab(feed), new Tab(feed)];
      for (let round = 0; round < 8; round++) {
        await job.input('words').push({ word: `w${round}` });
        if (round === 3) await job.scale('count', 2);
        if (round > 0) await feed.next();
        steady.take(feed);
        if (round % 3 === 0) lazy.take(feed);
        if (round >= 5) late.take(feed);
        if (round === 6) steady.take(feed);
      }
      lazy.take(feed);
      assert.equal(steady.wholes, 1);
      assert.equal(late.wholes, 1);
      assert.equal(lazy.wholes, 3, 'whoever has missed a state gets the whole');
      assert.deepEqual(steady.state, late.state);
      assert.deepEqual(steady.state, lazy.state);
      const { operators } = steady.state as { readonly operators: readonly { tuples: number; replicas: number }[] };
      assert.deepEqual([operators[2].tuples, operators[2].replicas], [8, 2]);
      assert.ok(late.bytes < JSON.stringify(late.state).length / 2, `${late.bytes} bytes`);
    } finally {
      await job.cancel();
    }
  },
);

test('the replicas of an operator are told to whoever asks, of all operators at the end', TIMEOUT, async () => {
  const job = (await start(watched, UI)) as never as Watched;
  const url = job.urls.ui as string;
  const asked = (name: string): ReturnType<typeof ask> => ask(`${url}operator?name=${encodeURIComponent(name)}`);
  let last: { readonly details?: readonly { readonly replicas: readonly unknown[] }[] } | undefined;
  try {
    for (let i = 0; i < 50; i++) await job.input('words').push({ word: `w${i}` });
    await until(() => job.reading().operators[2].tuplesIn === 50, 'the words');
    await job.scale('count', 2);
    await until(async () => JSON.parse((await asked('count')).text).replicas.length === 2, 'two replicas');
    const { heat, hot, replicas } = JSON.parse((await asked('count')).text);
    assert.equal(heat.length, 256);
    assert.match(heat, /[1-9a-z]/);
    assert.ok(hot.length <= 4);
    assert.deepEqual(Object.keys(replicas[0]), ['replica', 'worker', 'state', 'rate', 'busy', 'blocked', 'fill']);
    assert.equal((await asked('nobody')).status, 404);
    assert.equal((await ask(`${url}operator`)).status, 404);
    assert.equal((await ask(`${url}operator?name=count`, { headers: { host: 'evil.example' } })).status, 421);
    for await (const { event, data } of framesOf(`${url}events`)) {
      if (event === 'state' && last === undefined) void job.stop();
      if (event === 'state') last = data;
    }
  } finally {
    await job.cancel();
  }
  assert.deepEqual(
    last?.details?.map((each) => each.replicas.length),
    [1, 1, 2, 1],
  );
});

test('operators are asked for by their names, however odd', TIMEOUT, async () => {
  const job = await start(oddNames, UI);
  try {
    for (const name of ODD_NAMES) {
      const { status, text } = await ask(`${job.urls.ui}operator?name=${encodeURIComponent(name)}`);
      assert.equal(status, 200, name.slice(0, 40));
      assert.equal(JSON.parse(text).replicas.length, 1);
    }
  } finally {
    await job.cancel();
  }
});

test("the page's reader has what the server has; where a state is missing it begins anew", TIMEOUT, async () => {
  const whole = { operators: [{ rate: 1, busy: 0 }], tree: { restarts: 0 } };
  const streams = [
    [
      { version: 1, state: whole },
      { version: 2, change: { operators: { 0: { rate: 2 } } } },
      { version: 4, change: {} },
    ],
    [
      { version: 7, state: whole },
      { version: 8, change: { tree: { restarts: 3 } } },
    ],
  ];
  const news = { events: [], letters: [], points: [[1, 2]], isOver: false };
  let asked = 0;
  let cancelled = 0;
  const { fetch } = globalThis;
  globalThis.fetch = (async () => {
    const frames = streams[asked++] ?? [];
    const texts = frames.map((frame) => `event: state\ndata: ${JSON.stringify({ ...frame, ...news })}\n\n`);
    const text = `event: hello\ndata: {"run":"one"}\n\n${texts.join('')}`;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
      cancel: () => {
        cancelled++;
      },
    });
    return new Response(body);
  }) as typeof globalThis.fetch;
  const heard: { readonly kind: string; readonly [name: string]: unknown }[] = [];
  const reader = new Reader((message) => heard.push(message));
  try {
    reader.start();
    await until(() => heard.filter(({ kind }) => kind === 'state').length === 4, 'both streams');
    const states = heard.filter(({ kind }) => kind === 'state');
    assert.deepEqual(
      states.map(({ operators, tree }) => [operators, tree]),
      [
        [whole.operators, whole.tree],
        [[{ rate: 2, busy: 0 }], whole.tree],
        [whole.operators, whole.tree],
        [whole.operators, { restarts: 3 }],
      ],
    );
    assert.deepEqual(states[1].points, [
      [1, 2],
      [1, 2],
    ]);
    assert.equal(asked, 2);
    assert.equal(cancelled, 1, 'the stream that was incomplete is given up');
  } finally {
    reader.stop();
    globalThis.fetch = fetch;
  }
});
