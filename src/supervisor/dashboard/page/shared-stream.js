// One connection for all tabs of a browser: it would run out of connections to one server otherwise. Runs as a shared worker.
// Promises: the connection is there while some tab is visible, and closed while none is.
// Relies on: tabs tell of themselves; one that says nothing for a while has gone.

import { Reader } from './reader.js';

const SILENT_MS = 12_000;

/** When each visible tab was heard of last. @type {Map<MessagePort, number>} */
const visible = new Map();

const reader = new Reader((message) => {
  for (const port of visible.keys()) port.postMessage(message);
});

setInterval(() => {
  for (const [port, heardMs] of visible) if (Date.now() - heardMs > SILENT_MS) leave(port);
}, SILENT_MS / 4);

/** @param {MessagePort} port */
function leave(port) {
  visible.delete(port);
  if (visible.size === 0) reader.stop();
}

/** @type {any} */
const scope = globalThis;

scope.onconnect = (/** @type {MessageEvent} */ { ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.kind === 'hidden') leave(port);
    if (data.kind === 'token') reader.use(data.token);
    if (data.kind !== 'visible') return;
    const isNew = !visible.has(port);
    visible.set(port, Date.now());
    if (!isNew) return;
    for (const message of reader.sofar) port.postMessage(message);
    reader.start();
  };
};
