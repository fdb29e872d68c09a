// What the pool of the piscina baseline runs: the sink, as three tasks. Relies on the pool having one thread.

import { Meter, type Order, type SinkReport } from '../meter.ts';
import { type Workload, type WorkloadName, workloadOf } from '../workloads.ts';

let meter: Meter | undefined;
let touch: Workload['touch'] = () => 0;

export function begin({ order, workload }: { order: Order; workload: WorkloadName }): void {
  meter = new Meter(order);
  touch = workloadOf(workload).touch;
}

export function take(tuples: unknown[]): void {
  for (const tuple of tuples) meter?.add(touch(tuple));
}

export function report(): SinkReport | undefined {
  return meter?.report();
}
