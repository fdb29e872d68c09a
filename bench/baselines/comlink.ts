// Baseline `comlink`: the sink exposes an object, the source calls it once per array of 1000 tuples.
// A call per tuple would be some hundred times slower and not what anyone does with a stream; up to 4 calls are in flight,
// so that both threads have work while an answer travels. Node's MessagePort is an event target: no adapter is needed.

import { type Endpoint, expose, wrap } from 'comlink';
import { Meter, type Order, type SinkReport } from '../meter.ts';
import { InFlight } from './in-flight.ts';
import { BATCH, type Lane, makeBatch, type TransportBaseline } from './lane.ts';

const CALLS_IN_FLIGHT = 4;

/** What the source sees of the sink. */
interface RemoteSink {
  take(tuples: unknown[]): void;
}

const endpointOf = (lane: Lane): Endpoint => lane.port as unknown as Endpoint;

export const comlink: TransportBaseline = {
  openSource(lane) {
    const remote = wrap<RemoteSink>(endpointOf(lane));
    return async ({ count }) => {
      const calls = new InFlight(CALLS_IN_FLIGHT);
      for (let start = 0; start < count; start += BATCH) {
        await calls.add(remote.take(makeBatch(lane.workload, start, count)));
      }
      await calls.settled();
      return undefined;
    };
  },
  openSink(lane) {
    const { touch } = lane.workload;
    let meter: Meter | undefined;
    let finish: ((report: SinkReport) => void) | undefined;
    const take = (tuples: unknown[]): void => {
      if (meter === undefined) throw new Error('tuples before an order');
      let last = false;
      for (const tuple of tuples) last = meter.add(touch(tuple));
      if (last) finish?.(meter.report());
    };
    expose({ take }, endpointOf(lane));
    return (order: Order) =>
      new Promise<SinkReport>((resolve) => {
        meter = new Meter(order);
        finish = resolve;
      });
  },
};
