// Starts a single-threaded baseline on a worker thread of its own, which lives for all rounds: its heap and its compiled
// code are then nobody else's, and the command line's thread can print.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A thread that answers each order with a report. */
export interface Solo<Order, Report> {
  run(order: Order): Promise<Report>;
  close(): Promise<void>;
}

/** `entry` is the file name, beside this one, of a module that answers messages. */
export function openSolo<Order, Report>(entry: string): Solo<Order, Report> {
  const thread = new Worker(new URL(entry, import.meta.url));
  return {
    async run(order) {
      thread.postMessage(order);
      const [report] = await once(thread, 'message');
      return report;
    },
    async close() {
      await thread.terminate();
    },
  };
}
