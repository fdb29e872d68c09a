// Suite `latency`: how long a tuple takes through a chain, alone and under load, against the same chain of postMessage.
// Lower is better; ratios are theirs over ours.

import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { ChainData, ChainRole } from '../baselines/chain.ts';
import type { By, Effort } from '../effort.ts';
import { idleChain, type LoadedParams, loadedChain, roundTrip } from '../flows/latency.ts';
import type { Contender, Experiment, Figures } from '../harness.ts';
import { LatencyLog } from '../latency-log.ts';
import type { Order } from '../meter.ts';
import { onlyTuple } from './only-tuple.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const RATE_PER_SECOND = 100_000;

const IDLE_COUNT: By<number> = { quick: 600, usual: 6000, full: 6000 };
const LOADED_COUNT: By<number> = { quick: 20_000, usual: 200_000, full: 200_000 };

const idleOrder = (effort: Effort): Order => ({ count: IDLE_COUNT[effort], warm: IDLE_COUNT[effort] / 3 });

const loadedParams = (effort: Effort): LoadedParams => {
  const count = LOADED_COUNT[effort];
  return { count, warm: count / 2, ratePerSecond: RATE_PER_SECOND };
};

const idleFigures = (log: LatencyLog): Figures => ({
  'idle-3-hops-p50': log.quantileUs(0.5),
  'idle-3-hops-p99': log.quantileUs(0.99),
});

/** A chain through workers and back, one tuple at a time. */
interface Idle {
  readonly hops: number;
  readonly figures: (log: LatencyLog) => Figures;
}

const THREE_HOPS: Idle = { hops: 2, figures: idleFigures };
const ROUND_TRIP: Idle = { hops: 1, figures: (log) => ({ 'round-trip': log.quantileUs(0.5) }) };

function idleMillrace(order: Order, { hops, figures }: Idle): Contender {
  return {
    name: 'millrace',
    async run() {
      const job = await (hops === 1 ? roundTrip : idleChain).run({ workers: hops });
      const input = job.input('app');
      const back = job.output('back')[Symbol.asyncIterator]();
      const log = new LatencyLog(order);
      for (let sequence = 0, last = false; !last; sequence++) {
        const sentMs = performance.now();
        await input.push({ sequence });
        const { value } = await back.next();
        last = log.add(performance.now() - sentMs);
        if (value?.sequence !== sequence + hops)
          throw new Error(`millrace: tuple ${sequence} came back as ${value?.sequence}`);
      }
      input.end();
      if (!(await back.next()).done) throw new Error('millrace: more tuples came back than were sent');
      await job.done;
      return figures(log);
    },
    async close() {},
  };
}

function openThread(role: ChainRole, input?: MessagePort, output?: MessagePort): Worker {
  const data: ChainData = { role, input, output };
  const transferList = [input, output].filter((port) => port !== undefined);
  return new Worker(new URL('../baselines/chain.js', import.meta.url), { workerData: data, transferList });
}

const close = async (...threads: Worker[]): Promise<void> => {
  await Promise.all(threads.map((thread) => thread.terminate()));
};

function idlePostMessage(order: Order, { hops, figures }: Idle): Contender {
  const channels = Array.from({ length: hops + 1 }, () => new MessageChannel());
  const [toFirst] = channels;
  const back = channels[hops];
  const threads = channels.slice(1).map(({ port1 }, i) => openThread('relay', channels[i].port2, port1));
  const arrived = (): Promise<{ sequence: number }> =>
    new Promise((resolve) => {
      back.port2.once('message', resolve);
    });
  return {
    name: 'postMessage-chain',
    async run() {
      const log = new LatencyLog(order);
      for (let sequence = 0, last = false; !last; sequence++) {
        const sentMs = performance.now();
        const tuple = arrived();
        toFirst.port1.postMessage({ sequence, sentMs });
        const value = await tuple;
        last = log.add(performance.now() - sentMs);
        if (value.sequence !== sequence + hops)
          throw new Error(`postMessage: tuple ${sequence} came back as ${value.sequence}`);
      }
      return figures(log);
    },
    async close() {
      toFirst.port1.close();
      back.port2.close();
      await close(...threads);
    },
  };
}

function loadedMillrace(params: LoadedParams): Contender {
  return {
    name: 'millrace',
    async run() {
      const job = await loadedChain.run({ params, workers: 2 });
      const { p99Us } = await onlyTuple(job.output('report'));
      await job.done;
      return { 'loaded-p99': p99Us };
    },
    async close() {},
  };
}

function loadedPostMessage(params: LoadedParams): Contender {
  const [toRelay, toSink] = [new MessageChannel(), new MessageChannel()];
  const source = openThread('source', undefined, toRelay.port1);
  const relay = openThread('relay', toRelay.port2, toSink.port1);
  const sink = openThread('sink', toSink.port2);
  return {
    name: 'postMessage-chain',
    async run() {
      sink.postMessage(params);
      await once(sink, 'message');
      source.postMessage(params);
      const [{ p99Us }] = await once(sink, 'message');
      return { 'loaded-p99': p99Us };
    },
    close: () => close(source, relay, sink),
  };
}

export function latency(effort: Effort): Experiment[] {
  const rounds = ROUNDS[effort];
  return [
    {
      results: ['idle-3-hops-p50', 'idle-3-hops-p99'],
      unit: 'µs',
      better: 'lower',
      rounds,
      ours: async () => idleMillrace(idleOrder(effort), THREE_HOPS),
      baselines: [async () => idlePostMessage(idleOrder(effort), THREE_HOPS)],
    },
    {
      results: ['round-trip'],
      unit: 'µs',
      better: 'lower',
      rounds,
      ours: async () => idleMillrace(idleOrder(effort), ROUND_TRIP),
      baselines: [async () => idlePostMessage(idleOrder(effort), ROUND_TRIP)],
    },
    {
      results: ['loaded-p99'],
      unit: 'µs',
      better: 'lower',
      rounds,
      ours: async () => loadedMillrace(loadedParams(effort)),
      baselines: [async () => loadedPostMessage(loadedParams(effort))],
    },
  ];
}
