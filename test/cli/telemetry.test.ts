// Goal: final values of a run arrive at the collector once, however the run ends, though it is shorter than the interval; a collector that
// is away, or never answers, changes neither the exit code nor what is printed, and delays the end by 2 s at most.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { flowModule, MAIN } from '../kit/command.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const REGISTER = new URL('../kit/apps/open-telemetry.js', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where values go: to one who takes them, or who lets the caller wait for ever. */
async function receiver(answers: boolean) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      bodies.push(body);
      if (answers) response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { bodies, url: `http://127.0.0.1:${port}/v1/metrics`, close };
}

async function run(flow: string, url: string, stopAfter?: string) {
  const child = spawn(process.execPath, ['--import', REGISTER, MAIN, 'run', flowModule(flow), '--workers', '1'], {
    cwd: ROOT,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, OTLP_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const isFirst = stdout === '';
    stdout += text.slice(0, 1000);
    if (isFirst && stopAfter !== undefined) child.kill('SIGTERM');
  });
  child.stderr.resume();
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout };
}

/** The values of an instrument, at each time that values came. */
const tuplesIn = (bodies: readonly string[]): unknown[] =>
  bodies.flatMap((body) =>
    JSON.parse(body)
      .resourceMetrics.flatMap((each: { scopeMetrics: unknown[] }) => each.scopeMetrics)
      .flatMap((each: { metrics: unknown[] }) => each.metrics)
      .filter(({ name }: { name: string }) => name === 'millrace.operator.tuples_in')
      .map(({ sum }: { sum: { dataPoints: unknown[] } }) => sum.dataPoints.length),
  );

for (const [how, flow, exitCode, stopAfter] of [
  ['done', 'values', 0, undefined],
  ['a failure', 'failing', 1, undefined],
  ['SIGTERM', 'endless', 0, 'the first tuple'],
] as const) {
  test(`final values arrive once: ${how}`, TIMEOUT, async () => {
    const { bodies, url, close } = await receiver(true);
    try {
      const { code } = await run(flow, url, stopAfter);
      assert.equal(code, exitCode);
      const counts = tuplesIn(bodies);
      assert.equal(counts.length, 1, `${bodies.length} requests`);
      assert.ok(Number(counts[0]) >= 2);
    } finally {
      close();
    }
  });
}

test('a collector that is away changes nothing', TIMEOUT, async () => {
  const away = await receiver(true);
  away.close();
  const { code, stdout } = await run('values', away.url);
  assert.equal(code, 0);
  assert.notEqual(stdout, '');
});

test('a collector that never answers delays the end by 2 s at most', TIMEOUT, async () => {
  const { bodies, url, close } = await receiver(false);
  try {
    const askedAt: number[] = [];
    const watch = setInterval(() => {
      if (bodies.length > 0 && askedAt.length === 0) askedAt.push(performance.now());
    }, 10);
    const { code } = await run('values', url);
    const endedAt = performance.now();
    clearInterval(watch);
    assert.equal(code, 0);
    assert.equal(askedAt.length, 1);
    assert.ok(endedAt - askedAt[0] < 4000, `${endedAt - askedAt[0]} ms`);
  } finally {
    close();
  }
});
