// What the page hears of its job: by the worker that all tabs share, or by a connection of its own where there is none.
// Promises: nothing is asked for while the page is hidden.

import { Reader } from './reader.js';

const HEARD_MS = 4000;

/**
 * @param {(message: import('./reader.js').Message) => void} hear
 * @returns {{ useToken(token: string): void }}
 */
export function listen(hear) {
  return typeof SharedWorker === 'function' ? shared(hear) : own(hear);
}

/** @param {(message: import('./reader.js').Message) => void} hear */
function own(hear) {
  const reader = new Reader(hear);
  const look = () => (document.hidden ? reader.stop() : reader.start());
  document.addEventListener('visibilitychange', look);
  look();
  return { useToken: (/** @type {string} */ token) => reader.use(token) };
}

/** @param {(message: import('./reader.js').Message) => void} hear */
function shared(hear) {
  const { port } = new SharedWorker('/shared-stream.js', { type: 'module', name: 'millrace' });
  port.onmessage = ({ data }) => hear(data);
  const look = () => port.postMessage({ kind: document.hidden ? 'hidden' : 'visible' });
  document.addEventListener('visibilitychange', look);
  addEventListener('pagehide', () => port.postMessage({ kind: 'hidden' }));
  addEventListener('pageshow', look);
  setInterval(look, HEARD_MS);
  look();
  return { useToken: (/** @type {string} */ token) => port.postMessage({ kind: 'token', token }) };
}
