// Suite `actors`: spawned actors, against what a Node developer would otherwise pick: messages between threads, calls of threads, and
// actors on one thread (nact). Only ours keep mail and state through a crash of their thread.

import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { type Endpoint, wrap } from 'comlink';
import { dispatch, type Ref as NactRef, spawn, start } from 'nact';
import { Piscina } from 'piscina';
import { actorSystem } from '../../src/index.ts';
import type { EchoKind } from '../baselines/echo.ts';
import { type Erlang, erlang } from '../baselines/erlang.ts';
import type { By, Effort } from '../effort.ts';
import { link, receiver } from '../flows/actors.ts';
import type { Contender, Experiment } from '../harness.ts';
import { median } from '../statistics.ts';
import { bank, bankErlang, bankNact } from './actors-bank.ts';
import { big, bigErlang, bigNact } from './actors-big.ts';
import { millrace, type Ours, perSecond } from './actors-contender.ts';
import { crash, restartedThread } from './actors-crash.ts';
import { IDLE, idle, MANY_IDLE } from './actors-memory.ts';
import { PAIRS, TELLS, tells } from './actors-tells.ts';
import { setTimeouts, timers } from './actors-timers.ts';
import { withoutTransactions, withTransactions } from './actors-transactions.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
/** Of runs that take seconds. */
const HEAVY_ROUNDS: By<number> = { quick: 1, usual: 2, full: 3 };
const CRASHES: By<number> = { quick: 2, usual: 8, full: 20 };
const ASKS: By<number> = { quick: 500, usual: 3000, full: 5000 };
const PIPELINED: By<number> = { quick: 5000, usual: 50_000, full: 100_000 };
const SPAWNS: By<number> = { quick: 5000, usual: 50_000, full: 100_000 };
const RING: By<number> = { quick: 100, usual: 1000, full: 10_000 };
const HOPS: By<number> = { quick: 5000, usual: 50_000, full: 200_000 };

const echo = (kind: EchoKind): Worker =>
  new Worker(new URL('../baselines/echo.js', import.meta.url), { workerData: { kind } });

/** One postMessage a message, to a thread that counts. */
async function tellByMessage(effort: Effort): Promise<Contender> {
  const worker = echo('count');
  return {
    name: 'postMessage',
    async run() {
      const count = TELLS[effort] * 2;
      const startMs = performance.now();
      const done = new Promise((resolve) => {
        worker.once('message', resolve);
      });
      for (let n = 0; n < count; n++) {
        worker.postMessage({ n, isLast: n === count - 1 });
        if (n % 10_000 === 0) await sleep(0);
      }
      await done;
      return { tell: perSecond(count, startMs) };
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** Actors of nact, all on this thread. */
const tellByNact = (result: string, effort: Effort) => async (): Promise<Contender> => ({
  name: 'nact',
  async run() {
    const system = start();
    const count = TELLS[effort] / 2;
    let left = PAIRS;
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const receivers = Array.from({ length: PAIRS }, () =>
      spawn(system, (state = 0, _message: { n: number }) => {
        if (state + 1 === count && --left === 0) finish();
        return state + 1;
      }),
    );
    const startMs = performance.now();
    for (let n = 0; n < count; n++) for (const each of receivers) dispatch(each, { n });
    await done;
    return { [result]: perSecond(PAIRS * count, startMs) };
  },
  async close() {},
});

interface Asking {
  readonly name: string;
  ask(n: number): Promise<unknown>;
  close(): Promise<void>;
}

async function asking(effort: Effort, { name, ask, close }: Asking): Promise<Contender> {
  return {
    name,
    async run() {
      const times: number[] = [];
      for (let n = 0; n < ASKS[effort]; n++) {
        const startMs = performance.now();
        await ask(n);
        times.push((performance.now() - startMs) * 1000);
      }
      return { 'ask-p50': median(times) };
    },
    close,
  };
}

async function pipelining(effort: Effort, { name, ask, close }: Asking): Promise<Contender> {
  return {
    name,
    async run() {
      const count = PIPELINED[effort];
      const startMs = performance.now();
      for (let from = 0; from < count; from += 1000) {
        await Promise.all(Array.from({ length: Math.min(1000, count - from) }, (_, i) => ask(from + i)));
      }
      return { 'asks-pipelined': perSecond(count, startMs) };
    },
    close,
  };
}

async function askMillrace(): Promise<Asking> {
  const system = await actorSystem({ workers: 1 });
  const one = system.spawn(receiver);
  return { name: 'millrace', ask: () => one.ask.count({}), close: () => system.stop() };
}

async function askByMessage(): Promise<Asking> {
  const worker = echo('answer');
  const waiting = new Map<number, (answer: unknown) => void>();
  worker.on('message', ({ n }: { n: number }) => {
    waiting.get(n)?.(n);
    waiting.delete(n);
  });
  return {
    name: 'postMessage',
    ask: (n) =>
      new Promise((resolve) => {
        waiting.set(n, resolve);
        worker.postMessage({ n, isLast: false });
      }),
    async close() {
      await worker.terminate();
    },
  };
}

async function askByComlink(): Promise<Asking> {
  const { port1, port2 } = new MessageChannel();
  const workerData = { kind: 'comlink' satisfies EchoKind, port: port2 };
  const worker = new Worker(new URL('../baselines/echo.js', import.meta.url), { workerData, transferList: [port2] });
  const remote = wrap<{ get(n: number): number }>(port1 as unknown as Endpoint);
  return {
    name: 'comlink',
    ask: (n) => remote.get(n),
    async close() {
      await worker.terminate();
    },
  };
}

async function askByPiscina(): Promise<Asking> {
  const pool = new Piscina({
    filename: new URL('../baselines/piscina-answer.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
  });
  return { name: 'piscina', ask: (n) => pool.run(n), close: () => pool.destroy() };
}

/** Spawns actors, and waits until the last one answers. */
const spawns = (effort: Effort): Ours => ({
  async run(system) {
    const count = SPAWNS[effort];
    const startMs = performance.now();
    const refs = Array.from({ length: count }, () => system.spawn(receiver));
    // The last ones of each thread answer when all before them are there.
    await Promise.all(refs.slice(-100).map((each) => each.ask.count({}, { timeoutMs: 60_000 })));
    const rate = perSecond(count, startMs);
    for (const each of refs) each.stop();
    while ((await system.metrics()).actors > 0) await sleep(5);
    return { spawn: rate };
  },
});

const spawnNact = (effort: Effort) => async (): Promise<Contender> => ({
  name: 'nact',
  async run() {
    const system = start();
    const count = SPAWNS[effort];
    const startMs = performance.now();
    let last: NactRef<object> | undefined;
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    for (let n = 0; n < count; n++) {
      // Its own names are drawn at random, and collide.
      last = spawn(
        system,
        (state = 0) => {
          if (n === count - 1) finish();
          return state + 1;
        },
        `actor-${n}`,
      );
    }
    dispatch(last as NactRef<object>, {});
    await done;
    return { spawn: perSecond(count, startMs) };
  },
  async close() {},
});

/** A token goes round a ring of actors (Armstrong's). */
const ring = (effort: Effort): Ours => ({
  async run(system) {
    const links = Array.from({ length: RING[effort] }, () => system.spawn(link));
    await Promise.all(
      links.map((each, i) => each.ask.next({ address: links[(i + 1) % links.length].address }, { timeoutMs: 60_000 })),
    );
    const hops = HOPS[effort];
    const last = links[hops % links.length];
    const startMs = performance.now();
    void links[0].tell.token({ hops });
    while ((await last.ask.hops({}, { timeoutMs: 60_000 })).left !== 0) await sleep(1);
    const rate = perSecond(hops, startMs);
    for (const each of links) each.stop();
    return { ring: rate };
  },
});

const ringNact = (effort: Effort) => async (): Promise<Contender> => ({
  name: 'nact',
  async run() {
    const system = start();
    const size = RING[effort];
    let finish = (): void => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const links: NactRef<{ hops: number }>[] = [];
    for (let i = 0; i < size; i++) {
      links.push(
        spawn(system, (state: undefined, { hops }: { hops: number }) => {
          if (hops === 0) finish();
          else dispatch(links[(i + 1) % size], { hops: hops - 1 });
          return state;
        }),
      );
    }
    const startMs = performance.now();
    dispatch(links[0], { hops: HOPS[effort] });
    await done;
    return { ring: perSecond(HOPS[effort], startMs) };
  },
  async close() {},
});

/** The workload of a baseline in Erlang, if there is one here. */
function withErlang(baselines: readonly (() => Promise<Contender>)[], { note, baselines: erlangs }: Erlang) {
  return { baselines: [...baselines, ...erlangs], ...(note !== undefined && { note }) };
}

const FIVE_TIMES_NACT = '≥ 5 × nact';

export function actors(effort: Effort): Experiment[] {
  const of = { unit: 'msg/s', better: 'higher', rounds: ROUNDS[effort] } as const;
  const asks = [askByMessage, askByComlink, askByPiscina];
  const told = [PAIRS, TELLS[effort]];
  return [
    {
      ...of,
      results: ['tell'],
      ours: () => millrace(tells('tell', effort, 2)),
      ...withErlang([() => tellByMessage(effort)], erlang('tell', told, PAIRS * TELLS[effort])),
    },
    {
      ...of,
      results: ['tell-local'],
      ours: () => millrace(tells('tell-local', effort, 1)),
      ...withErlang(
        [tellByNact('tell-local', effort)],
        erlang('tell-local', told, PAIRS * TELLS[effort], { schedulers: 1 }),
      ),
    },
    {
      ...of,
      results: ['ask-p50'],
      unit: 'µs',
      better: 'lower',
      ours: async () => asking(effort, await askMillrace()),
      ...withErlang(
        asks.map((open) => async () => asking(effort, await open())),
        erlang('ask-p50', [ASKS[effort]], ASKS[effort]),
      ),
    },
    {
      ...of,
      results: ['asks-pipelined'],
      ours: async () => pipelining(effort, await askMillrace()),
      baselines: asks.map((open) => async () => pipelining(effort, await open())),
    },
    {
      ...of,
      results: ['spawn'],
      ours: () => millrace(spawns(effort)),
      ...withErlang([spawnNact(effort)], erlang('spawn', [SPAWNS[effort]], SPAWNS[effort])),
    },
    {
      ...of,
      results: ['ring'],
      targets: { ring: FIVE_TIMES_NACT },
      ours: () => millrace(ring(effort)),
      ...withErlang([ringNact(effort)], erlang('ring', [RING[effort], HOPS[effort]], HOPS[effort])),
    },
    {
      ...of,
      results: ['big'],
      targets: { big: FIVE_TIMES_NACT },
      ours: () => millrace(big(effort)),
      ...withErlang([bigNact(effort)], bigErlang(effort)),
    },
    {
      ...of,
      results: ['bank'],
      unit: 'transfers/s',
      targets: { bank: FIVE_TIMES_NACT },
      ours: () => millrace(bank(effort)),
      ...withErlang([bankNact(effort)], bankErlang(effort)),
    },
    {
      ...of,
      results: ['timers', 'timers-late'],
      unit: 'ns',
      units: { 'timers-late': 'ms' },
      targets: { timers: '≤ 500 ns', 'timers-late': '≤ 5 ms' },
      better: 'lower',
      rounds: HEAVY_ROUNDS[effort],
      warmUp: false,
      ours: timers(effort),
      baselines: [setTimeouts(effort)],
    },
    {
      ...of,
      results: ['memory-100k'],
      unit: 'MB',
      targets: { 'memory-100k': '≤ 100 MB' },
      better: 'lower',
      rounds: HEAVY_ROUNDS[effort],
      warmUp: false,
      ours: idle('millrace', 'memory-100k', IDLE[effort]),
      baselines: [idle('nact', 'memory-100k', IDLE[effort])],
    },
    ...(effort === 'full' ? [manyIdle] : []),
    {
      ...of,
      results: ['crash'],
      unit: 'ms',
      targets: { crash: '≤ 50 ms' },
      better: 'lower',
      rounds: CRASHES[effort],
      ours: crash,
      baselines: [restartedThread],
    },
    {
      ...of,
      results: ['transactions'],
      targets: { transactions: '≥ 0.8 ×' },
      ours: () => withTransactions(effort),
      baselines: [() => withoutTransactions(effort)],
    },
  ];
}

const manyIdle: Experiment = {
  results: ['memory-1m'],
  unit: 'MB',
  targets: { 'memory-1m': 'runs' },
  better: 'lower',
  rounds: 1,
  warmUp: false,
  ours: idle('millrace', 'memory-1m', MANY_IDLE),
  baselines: [],
};
