// Baseline `postMessage-chain` of the latency suite: the hops of our flows, each a postMessage to the next thread.
// A thread's entry: it relays or, as a source, sends stamped tuples at a rate, a timer's worth of them at a time; as a sink
// it reports the quantile of their ages.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { sharedNow } from '../clock.ts';
import type { LoadedParams } from '../flows/latency.ts';
import { LatencyLog } from '../latency-log.ts';

export type ChainRole = 'relay' | 'source' | 'sink';

export interface ChainData {
  readonly role: ChainRole;
  /** From the thread before, and to the thread behind. */
  readonly input: MessagePort | undefined;
  readonly output: MessagePort | undefined;
}

interface Tuple {
  sequence: number;
  sentMs: number;
}

const { role, input, output } = workerData as ChainData;
const parent = parentPort as MessagePort;

function relay(): void {
  input?.on('message', ({ sequence, sentMs }: Tuple) => output?.postMessage({ sequence: sequence + 1, sentMs }));
}

function source(): void {
  parent.on('message', ({ count, ratePerSecond }: LoadedParams) => {
    const startMs = sharedNow();
    let sequence = 0;
    const sendDue = (): void => {
      const due = Math.min(count, Math.floor(((sharedNow() - startMs) * ratePerSecond) / 1000));
      for (; sequence < due; sequence++) output?.postMessage({ sequence, sentMs: sharedNow() });
      if (sequence < count) setTimeout(sendDue, 1);
    };
    sendDue();
  });
}

function sink(): void {
  let log: LatencyLog | undefined;
  input?.on('message', ({ sentMs }: Tuple) => {
    if (log?.add(sharedNow() - sentMs)) parent.postMessage({ p99Us: log.quantileUs(0.99) });
  });
  parent.on('message', (params: LoadedParams) => {
    log = new LatencyLog(params);
    parent.postMessage('ready');
  });
}

({ relay, source, sink })[role]();
