// The other side of the baselines of suite `actors`: a thread that counts messages, answers them, or is called through comlink.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Endpoint, expose } from 'comlink';

export type EchoKind = 'count' | 'answer' | 'comlink';

/** What is called through comlink has a port of its own: that of a thread is no event target. */
const { kind, port } = workerData as { kind: EchoKind; port?: MessagePort };
let count = 0;

if (kind === 'comlink') expose({ get: (n: number) => n }, port as unknown as Endpoint);
else {
  parentPort?.on('message', ({ n, isLast }: { n: number; isLast: boolean }) => {
    count++;
    if (kind === 'answer' || isLast) parentPort?.postMessage({ n, count });
  });
}
