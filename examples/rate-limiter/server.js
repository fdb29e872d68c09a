// @ts-check
// A rate limiter in front of an HTTP server: each user has a bucket of 20 requests, and gets 5 a second. Requests are answered in the
// app's thread; the buckets are actors on all cores.
//
//   $ node examples/rate-limiter/server.js 8080
//   at most 5 requests per second and user on http://localhost:8080
//
//   $ curl -i -H 'x-user: ann' http://localhost:8080

import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { actorSystem } from 'millrace';
import { bucket } from './bucket.js';

/**
 * @param {number} port 0 for any
 * @param {{ burst?: number, perSecond?: number, now?: () => number, system?: import('millrace').SystemOptions }} [options]
 */
export async function serve(port, { burst = 20, perSecond = 5, now = Date.now, system: systemOptions } = {}) {
  const system = await actorSystem(systemOptions);

  const server = createServer(async (request, response) => {
    const user = String(request.headers['x-user'] ?? request.socket.remoteAddress);
    try {
      const { allowed, left, retryMs } = await system.get(bucket, user).ask.take({ burst, perSecond, nowMs: now() });
      response.setHeader('ratelimit-remaining', left);
      if (allowed) response.end('welcome\n');
      else {
        // Without refill there is no time to name.
        if (Number.isFinite(retryMs)) response.setHeader('retry-after', Math.ceil(retryMs / 1000));
        response.writeHead(429).end('too many requests\n');
      }
    } catch (error) {
      // Nobody knows in time whether there was a token: the client may try again.
      response.writeHead(503).end(`${error}\n`);
    }
  });
  server.listen(port);
  await once(server, 'listening');

  return {
    system,
    port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await system.stop();
    },
  };
}

if (isMainThread && process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port } = await serve(Number(process.argv[2] ?? 8080));
  console.log(`at most 5 requests per second and user on http://localhost:${port}`);
}
