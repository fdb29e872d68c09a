// @ts-check
// A chat server: WebSockets in the app's thread, rooms as actors on all cores.
//
//   $ node examples/chat/server.js 8080
//   chat on ws://localhost:8080
//
// A client sends { "join": "mill", "as": "ann" }, { "say": "hello", "in": "mill" } and { "leave": "mill" }. It hears
// { "room": "mill", "number": 1, "kind": "said", "user": "ann", "text": "hello" }, with no gap in the numbers of a room.

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { actorSystem } from 'millrace';
import { WebSocketServer } from 'ws';
import { connection, room } from './room.js';

/**
 * @param {number} port 0 for any
 * @param {import('millrace').SystemOptions} [options]
 */
export async function serve(port, options) {
  const system = await actorSystem(options);
  const server = new WebSocketServer({ port });
  await once(server, 'listening');

  server.on('connection', (socket) => {
    // What rooms tell this connection. The next one waits until the socket has taken the one before.
    const inbox = system.open(connection, {
      heard: (heard) => new Promise((resolve) => socket.send(JSON.stringify(heard), () => resolve())),
    });
    const { address } = inbox.ref;
    socket.on('message', (data) => {
      const room = told(String(data), address, system);
      if (room === undefined) return;
      // The system is behind: this client waits, and so does what it sends.
      socket.pause();
      room.finally(() => socket.resume());
    });
    // Rooms watch the inbox, and hear of its end.
    socket.on('close', () => inbox.close());
    socket.on('error', () => socket.terminate());
  });

  return {
    system,
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    async close() {
      for (const socket of server.clients) socket.close();
      await new Promise((resolve) => server.close(resolve));
      await system.stop();
    },
  };
}

/**
 * Tells a room what a client has sent. Returns what to await where there is no room for more.
 * @param {string} text
 * @param {string} address of the connection
 * @param {import('millrace').ActorSystem} system
 */
function told(text, address, system) {
  const message = parsed(text);
  const { join, as, say, leave } = message;
  if (typeof join === 'string' && join !== '') return system.get(room, join).tell.join({ address, user: String(as) });
  if (typeof leave === 'string' && leave !== '') return system.get(room, leave).tell.leave({ address });
  if (typeof say === 'string' && message.in)
    return system.get(room, String(message.in)).tell.say({ address, text: say });
  return undefined;
}

/** @param {string} text */
function parsed(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

if (isMainThread && process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port } = await serve(Number(process.argv[2] ?? 8080));
  console.log(`chat on ws://localhost:${port}`);
}
