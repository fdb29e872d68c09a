// Baselines `postMessage` and `postMessage-1000`: tuples over a MessagePort, one a message or in arrays of 1000.
// Back-pressure is a credit window: the sink acknowledges after each quarter of it. Without one the source fills the
// sink's queue until memory ends; the window is wide enough that neither thread waits for the other's answer.

import { Meter, type Order, type SinkReport } from '../meter.ts';
import { BATCH, type Lane, makeBatch, type Side, type TransportBaseline } from './lane.ts';

const WINDOW_TUPLES = 10_000;
const ACKNOWLEDGE_TUPLES = WINDOW_TUPLES / 4;
const WINDOW_BATCHES = 8;
const ACKNOWLEDGE_BATCHES = WINDOW_BATCHES / 4;

/** What the source may still send. Credit that comes in after a run is used by the next one. */
class Credit {
  #left: number;
  #resume: (() => void) | undefined;

  constructor(lane: Lane, window: number) {
    this.#left = window;
    lane.port.on('message', (more: number) => {
      this.#left += more;
      this.#resume?.();
      this.#resume = undefined;
    });
  }

  /** Takes one; undefined if there is one at once. */
  take(): Promise<void> | undefined {
    this.#left -= 1;
    return this.#left >= 0 ? undefined : new Promise((resolve) => (this.#resume = resolve));
  }
}

/** A sink that hands each message to `receive`, acknowledges each `every` messages, and reports at the last tuple. */
function openSink({ port }: Lane, every: number, receive: (meter: Meter, message: never) => boolean): Side {
  let meter: Meter | undefined;
  let finish: ((report: SinkReport) => void) | undefined;
  let unacknowledged = 0;
  // Before an order arrives there is no listener, so that the port keeps what comes early.
  const listen = (message: unknown): void => {
    const last = receive(meter as Meter, message as never);
    unacknowledged += 1;
    if (unacknowledged === every) {
      port.postMessage(unacknowledged);
      unacknowledged = 0;
    }
    if (last) finish?.((meter as Meter).report());
  };
  return (order: Order) =>
    new Promise<SinkReport>((resolve) => {
      const first = meter === undefined;
      meter = new Meter(order);
      finish = resolve;
      if (first) port.on('message', listen);
    });
}

export const oneByOne: TransportBaseline = {
  openSource(lane) {
    const credit = new Credit(lane, WINDOW_TUPLES);
    const { port, workload } = lane;
    return async ({ count }) => {
      for (let index = 0; index < count; index++) {
        const wait = credit.take();
        if (wait !== undefined) await wait;
        port.postMessage(workload.make(index));
      }
      return undefined;
    };
  },
  openSink(lane) {
    const { touch } = lane.workload;
    return openSink(lane, ACKNOWLEDGE_TUPLES, (meter, tuple) => meter.add(touch(tuple)));
  },
};

export const inArrays: TransportBaseline = {
  openSource(lane) {
    const credit = new Credit(lane, WINDOW_BATCHES);
    return async ({ count }) => {
      for (let start = 0; start < count; start += BATCH) {
        const wait = credit.take();
        if (wait !== undefined) await wait;
        lane.port.postMessage(makeBatch(lane.workload, start, count));
      }
      return undefined;
    };
  },
  openSink(lane) {
    const { touch } = lane.workload;
    return openSink(lane, ACKNOWLEDGE_BATCHES, (meter, tuples: unknown[]) => {
      let last = false;
      for (const tuple of tuples) last = meter.add(touch(tuple));
      return last;
    });
  },
};
