// What closures print: a worker's process.stdout and process.stderr.
// Promises: what has been written by the time that the thread ends has been handed to the app's thread, however it ends: in order,
// by process.exit(), an uncaught error, lack of memory, or from outside.
// Why: Node.js hands the first chunk over and keeps those behind it in the thread until the app's thread has taken that one;
// what it keeps is lost with the thread (nodejs/node#40961, #56428).
// Relies on: a message that a thread has posted is delivered although the thread ends (pool.ts waits for that).

import type { Writable } from 'node:stream';

type Chunks = Parameters<NonNullable<Writable['_writev']>>[0];

/** Makes a stream of this thread hand over each chunk as it is written. */
function handOverAtOnce(stream: Writable): void {
  const send = stream._writev?.bind(stream);
  if (send === undefined) return;
  stream._writev = (chunks: Chunks, written) => {
    // That the app's thread has taken it is heard later, and nobody waits for it.
    send(chunks, () => {});
    written();
  };
}

/** To be called in a worker, once, before anything is printed there. */
export function keepOutput(): void {
  handOverAtOnce(process.stdout);
  handOverAtOnce(process.stderr);
}
