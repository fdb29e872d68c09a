// Goal: in a browser the page shows the job as it is: its graph, a crash within a second, decisions; markup in tuples stays text;
// nothing serious stands in the way of people with other needs.
// Relies on /usr/bin/chromium (scripts/install-chromium.sh); skipped where there is none.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, test } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Job, RunOptions } from '../../../src/index.ts';
import { MARKUP, watched, wide } from '../../kit/flows/dashboard.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../../kit/run-flow.ts';

const CHROMIUM = '/usr/bin/chromium';
const IN_BROWSER = {
  ...TIMEOUT,
  skip: existsSync(CHROMIUM) ? false : `there is no ${CHROMIUM}: see scripts/install-chromium.sh`,
};
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TOKEN = 'a-token-of-the-mill';
const UI = { workers: 1, spares: 1, notices: false, params: {}, ui: { port: 0 } } as const;

type Watched = Job<{ counts: { word: string; count: number } }, { words: { word: string } }>;

let browser: Browser | undefined;
before(async () => {
  if (IN_BROWSER.skip === false) browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});
after(() => browser?.close());
afterEach(noThreadLeft);

interface Seen {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly job: Watched;
  /** What the console and the page complained of. */
  readonly complaints: readonly string[];
}

async function withPage(options: RunOptions<Record<string, never>>, use: (seen: Seen) => Promise<void>): Promise<void> {
  const job = (await start(watched, { ...UI, ...options })) as never as Watched;
  const context = await (browser as Browser).newContext();
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(job.urls.ui as string)) complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(job.urls.ui as string);
    await page.locator('.pill.live').waitFor();
    await use({ page, context, job, complaints });
  } finally {
    await context.close();
    await job.cancel();
  }
}

test('the graph is that of the job, and nothing is asked for elsewhere', IN_BROWSER, () =>
  withPage({}, async ({ page, complaints }) => {
    const names = await page
      .locator('.node')
      .evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-operator')));
    assert.deepEqual(names, ['words', 'check', 'count', 'counts']);
    const edges = await page
      .locator('.edge-label')
      .evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-edge')));
    assert.deepEqual(edges, ['words→check', 'check→count', 'count→counts']);
    await page.locator('[data-operator=count]').press('Enter');
    await page.locator('#operator h2').waitFor();
    assert.equal(await page.locator('#operator tbody tr').count(), 1);
    await page.keyboard.press('Escape');
    await page.locator('#operator').waitFor({ state: 'hidden' });
    assert.deepEqual(complaints, []);
  }),
);

test('a crash and its recovery are there soon, and a change of replicas', IN_BROWSER, () =>
  withPage({ maxWorkers: 2 }, async ({ page, job }) => {
    await job.killWorker(job.workers().find(({ actors }) => actors.length > 0)?.worker as number);
    await page.locator('#events b', { hasText: 'crash' }).first().waitFor();
    await page.locator('#tree .reason').first().waitFor();
    await job.scale('count', 2);
    await page.locator('#events b', { hasText: 'scaled' }).waitFor();
    await page.locator('[data-operator=count] .node-replicas', { hasText: '× 2' }).waitFor();
    await page.locator('#strip .crash').waitFor();
  }),
);

test('each end has its latencies, and an operator those till there', IN_BROWSER, () =>
  withPage({}, async ({ page, job }) => {
    await page.locator('[data-end=counts] td', { hasText: '–' }).first().waitFor();
    const output = job.output('counts')[Symbol.asyncIterator]();
    await page.locator('[data-operator=count]').press('Enter');
    await job.input('words').push({ word: 'a' });
    await output.next();
    await page.locator('[data-end=counts] td', { hasText: / ms$/ }).nth(2).waitFor();
    assert.equal(await page.locator('#latency tbody tr').count(), 1);
  }),
);

test('state can be browsed from the heat map, and markup in it is text', IN_BROWSER, () =>
  withPage({ ui: { port: 0, state: true } }, async ({ page, job, complaints }) => {
    const input = job.input('words');
    await input.push({ word: MARKUP });
    for (let i = 0; i < 200; i++) await input.push({ word: `w${i}` });
    await until(() => job.reading().operators[2].tuplesIn === 201, 'all words');
    await page.locator('[data-operator=count]').press('Enter');
    await page.locator('.heat:not(.none)').first().waitFor();
    assert.equal(await page.locator('#operator .heat').count(), 256);
    await page.getByRole('button', { name: 'state', exact: true }).click();
    await page.locator('.state-row').nth(49).waitFor();
    await page.getByRole('button', { name: 'more' }).click();
    await page.locator('#state-back:enabled').waitFor();
    await page.locator('#state input').fill(MARKUP);
    await page.locator('#state input').press('Enter');
    await page.locator('.state-row', { hasText: 'onerror' }).waitFor();
    assert.equal(await page.locator('.state-row').count(), 1);
    assert.equal(await page.locator('main img, main script').count(), 0);
    await page.locator('.heat:not(.none)').first().click();
    await page.locator('.state-row .count').first().waitFor();
    assert.deepEqual(complaints, []);
  }),
);

test('a profile is drawn, can be looked into, and has a file to download', IN_BROWSER, () =>
  withPage({ ui: { port: 0, token: TOKEN } }, async ({ page, complaints }) => {
    await page.locator('#token').fill(TOKEN);
    await page.locator('#unlock button').click();
    await page.locator('[data-operator=count]').press('Enter');
    await page.getByRole('button', { name: 'Profile count' }).click();
    await page.locator('#profile .flame').first().waitFor();
    assert.match((await page.locator('#profile h2').textContent()) as string, /count/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#profile a').click()]);
    assert.equal(download.suggestedFilename(), 'millrace.cpuprofile');
    const profile = JSON.parse(readFileSync(await download.path(), 'utf8'));
    assert.ok(profile.nodes.length > 1);
    await page.getByRole('button', { name: 'Close the profile' }).click();
    await page.locator('#profile').waitFor({ state: 'hidden' });
    assert.deepEqual(complaints, []);
  }),
);

test('markup in tuples, keys and errors is text', IN_BROWSER, () =>
  withPage({}, async ({ page, job, complaints }) => {
    await job.input('words').push({ word: `!${MARKUP}` });
    await page.locator('#letters summary').click();
    await page.locator('#letters dd').waitFor();
    assert.equal(await page.locator('#letters dd').textContent(), `!${MARKUP}`);
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.equal(await page.evaluate(() => 'hacked' in globalThis), false);
    assert.deepEqual(complaints, []);
  }),
);

test('a person who gives the token can scale; one who does not sees no button', IN_BROWSER, () =>
  withPage({ ui: { port: 0, token: TOKEN }, maxWorkers: 2 }, async ({ page, job }) => {
    await page.locator('[data-operator=count]').click();
    assert.equal(await page.locator('#operator button:not(.close)').count(), 0);
    await page.locator('#token').fill(TOKEN);
    await page.locator('#unlock button').click();
    await page.getByRole('button', { name: 'Scale count to 2' }).click();
    await until(() => job.topology().operators.find(({ name }) => name === 'count')?.replicas === 2, 'two replicas');
    assert.doesNotMatch(page.url(), new RegExp(TOKEN));
  }),
);

test('a person who gives the token can move a replica to another worker', IN_BROWSER, () =>
  withPage({ ui: { port: 0, token: TOKEN }, workers: 2 }, async ({ page, job }) => {
    const workerOf = (): number | undefined =>
      job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'count'))?.worker;
    const before = workerOf();
    await page.locator('[data-operator=count]').press('Enter');
    await page.locator('#operator tbody tr').waitFor();
    assert.equal(await page.locator('#operator select').count(), 0);
    await page.locator('#token').fill(TOKEN);
    await page.locator('#unlock button').click();
    await page.getByRole('button', { name: 'Move replica 0 of count' }).click();
    await page.locator('#told', { hasText: 'moved to worker' }).waitFor();
    assert.notEqual(workerOf(), before);
    await page.locator('#events b', { hasText: 'moved' }).waitFor();
  }),
);

test(
  'in a large graph an operator is found by its name, by keyboard, and all of the graph can be seen',
  IN_BROWSER,
  async () => {
    const job = await start(wide, UI);
    const context = await (browser as Browser).newContext({ viewport: { width: 900, height: 700 } });
    try {
      const page = await context.newPage();
      await page.goto(job.urls.ui as string);
      await page.locator('.pill.live').waitFor();
      const isSeen = async (name: string): Promise<boolean> => {
        const frame = await page.locator('#graph').boundingBox();
        const node = await page.locator(`[data-operator="${name}"]`).boundingBox();
        if (frame === null || node === null) return false;
        const isWithin = (from: number, size: number, frameFrom: number, frameSize: number): boolean =>
          from >= frameFrom && from + size <= frameFrom + frameSize;
        const isAcross = isWithin(node.x, node.width, frame.x, frame.width);
        return isAcross && isWithin(node.y, node.height, frame.y, frame.height);
      };
      const names = ['words', 'step 7.5', 'end 0'];
      for (const name of names) {
        await page.locator('#find').fill(name);
        await page.locator('#find').press('Enter');
        await page.locator('#operator h2', { hasText: name }).waitFor();
        assert.ok(await isSeen(name), `${name} is in view`);
      }
      await page.locator('#find').fill('nobody');
      await page.locator('#find').press('Enter');
      await page.getByText('no such operator').waitFor();
      await page.getByRole('button', { name: 'whole' }).press('Enter');
      await page.locator('#graph svg.far').waitFor();
      for (const name of names) assert.ok(await isSeen(name), `${name} is seen from afar`);
      // From afar one comes closer to what is looked for.
      await page.locator('#find').fill('end 3');
      await page.locator('#find').press('Enter');
      await page.locator('#graph svg:not(.far)').waitFor();
      assert.ok(await isSeen('end 3'));
    } finally {
      await context.close();
      await job.cancel();
    }
  },
);

test('eight tabs are all live, and come back to the next job at the port', IN_BROWSER, () =>
  withPage({}, async ({ page, context, job }) => {
    const pages = [page];
    for (let i = 1; i < 8; i++) {
      const next = await context.newPage();
      await next.goto(job.urls.ui as string);
      pages.push(next);
    }
    for (const each of pages) await each.locator('.pill.live').waitFor();
    const port = Number(new URL(job.urls.ui as string).port);
    await job.cancel();
    for (const each of pages) await each.locator('.pill.ended').waitFor();
    const next = await start(wide, { ...UI, ui: { port } });
    try {
      for (const each of pages) {
        await each.locator('.pill.live').waitFor();
        await each.locator('#job', { hasText: 'wide' }).waitFor();
      }
      assert.equal(await page.locator('.node').count(), 1 + 8 * 7);
    } finally {
      await next.cancel();
    }
  }),
);

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const) {
    test(`axe finds nothing serious: ${colorScheme}, ${width} wide`, IN_BROWSER, () =>
      withPage({ maxWorkers: 2, ui: { port: 0, token: TOKEN, state: true } }, async ({ page, job }) => {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height });
        await job.input('words').push({ word: '!no' });
        await job.scale('count', 2);
        let isBack = false;
        job.on('adoption', () => {
          isBack = true;
        });
        await job.killWorker(job.workers().find(({ actors }) => actors.length > 0)?.worker as number);
        await page.locator('#letters summary').click();
        await page.locator('[data-operator=count]').click();
        await page.locator('#events b', { hasText: 'crash' }).first().waitFor();
        // A profile is of a thread that is there.
        await until(() => isBack, 'all are back');
        await page.locator('#token').fill(TOKEN);
        await page.locator('#unlock button').click();
        await page.getByRole('button', { name: 'Profile count' }).click();
        await page.locator('#profile .flame').first().waitFor();
        await job.input('words').push({ word: 'a' });
        await page.getByRole('button', { name: 'state', exact: true }).click();
        await page.locator('.state-row').first().waitFor();
        // The page's policy lets in no script from elsewhere: axe runs beside it.
        await page.evaluate(AXE);
        const found = await page.evaluate(async () => {
          const { violations } = await (
            globalThis as unknown as { axe: { run(): Promise<{ violations: readonly Violation[] }> } }
          ).axe.run();
          interface Violation {
            readonly id: string;
            readonly impact: string;
            readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
          }
          return violations.map(({ id, impact, nodes }) => [
            impact,
            id,
            nodes[0].html.slice(0, 200),
            nodes[0].failureSummary,
          ]);
        });
        assert.deepEqual(
          found.filter(([impact]) => impact === 'serious' || impact === 'critical'),
          [],
        );
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(Number(overflow) <= 0, 'the page does not scroll sideways');
      }),
    );
  }
}
