// Suite `dashboard`: what the page costs a job of 60 operators and more than 200 replicas: bytes of an update, processor time of the
// job's process while one page is open, over the same without, and how long it takes till something is seen in Chromium.
// Spans with a reader and without take turns. The reader and Chromium are other processes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import type { By, Effort } from '../effort.ts';
import { LARGE_OPTIONS, large } from '../flows/large.ts';
import { type Measurement, type Result, spread } from '../harness.ts';

const ROUNDS: By<number> = { quick: 1, usual: 2, full: 6 };
const SPAN_MS: By<number> = { quick: 1000, usual: 3000, full: 10_000 };
const PAINTS: By<number> = { quick: 1, usual: 3, full: 15 };
const CHROMIUM = '/usr/bin/chromium';
const WARM_MS = 1500;

/** Reads the page's stream for a while, and tells how many bytes and updates came after the first, which is the whole. */
const READER = `
  const response = await fetch(process.argv[1] + 'events');
  let bytes = 0, updates = -1, text = '';
  setTimeout(() => { console.log(JSON.stringify({ bytes, updates })); process.exit(); }, Number(process.argv[2]));
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\\n\\n');
    text = blocks.pop();
    for (const block of blocks) {
      if (!block.startsWith('event: state')) continue;
      if (++updates > 0) bytes += Buffer.byteLength(block) + 2;
    }
  }`;

/** Processor time of this process, its workers included, within a span, as a percentage of one core. */
async function percentOf(span: Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await span;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / (performance.now() - startedMs);
}

interface Read {
  readonly bytes: number;
  readonly updates: number;
}

async function readFor(url: string, spanMs: number): Promise<Read> {
  const reader = spawn(process.execPath, ['--input-type=module', '-e', READER, url, String(spanMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  reader.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  await once(reader, 'close');
  const read = JSON.parse(told) as Read;
  if (read.updates < 1) throw new Error('dashboard: no update came');
  return read;
}

/** When something is seen of the page, each time in a profile of its own; in milliseconds. */
async function paints(url: string, count: number): Promise<number[]> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const found: number[] = [];
    for (let i = 0; i < count; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(url);
      await page.locator('.pill.live').waitFor();
      found.push(await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
      await context.close();
    }
    return found;
  } finally {
    await browser.close();
  }
}

const result = (name: string, unit: string, values: readonly number[], target: string): Result => ({
  name,
  unit,
  ...spread(values),
  runs: values.length,
  target,
  vs: {},
});

export function dashboard(effort: Effort): Measurement[] {
  return [
    {
      async measure(progress) {
        const job = await large.run(LARGE_OPTIONS);
        try {
          const url = job.urls.ui as string;
          await sleep(WARM_MS);
          const kilobytes: number[] = [];
          const percents: number[] = [];
          for (let round = 1; round <= ROUNDS[effort]; round++) {
            const alone = await percentOf(sleep(SPAN_MS[effort]));
            let read: Read = { bytes: 0, updates: 1 };
            const watched = await percentOf(
              readFor(url, SPAN_MS[effort]).then((found) => {
                read = found;
              }),
            );
            kilobytes.push(read.bytes / read.updates / 1000);
            percents.push(watched - alone);
            const shares = `${alone.toFixed(1)} % of a core without a page, ${watched.toFixed(1)} % with one`;
            progress(`round ${round} of ${ROUNDS[effort]}: ${read.updates} updates, ${shares}`);
          }
          const results = [
            result('update', 'kB', kilobytes, '≤ 10'),
            result('processor', '% of a core', percents, '≤ 5'),
          ];
          if (existsSync(CHROMIUM))
            results.push(result('first-paint', 'ms', await paints(url, PAINTS[effort]), '≤ 300'));
          else progress(`there is no ${CHROMIUM}: first paint is not measured`);
          return results;
        } finally {
          await job.cancel();
        }
      },
    },
  ];
}
