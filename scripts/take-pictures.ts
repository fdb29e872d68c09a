// Takes pictures of the page, as docs/dashboard.md shows it: runs the demo, opens the page in headless Chromium once for each size
// and colour scheme, and writes docs/pictures/dashboard-*.png. `npm run take:pictures [folder]`; with a folder all sizes go there.
// `npm run take:pictures folder large` shows a job of 60 operators (large-job.ts) in place of the demo, as it comes, as a whole, and
// with an operator that was looked for.
// Relies on /usr/bin/chromium (scripts/install-chromium.sh).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type BrowserContextOptions, chromium } from 'playwright-core';

const PICTURES = fileURLToPath(new URL('../../docs/pictures', import.meta.url));
const DEMO = fileURLToPath(new URL('../../examples/demo.js', import.meta.url));
const LARGE = fileURLToPath(new URL('large-job.js', import.meta.url));
const LARGE_TAKEN_AT_MS = 8000;
/** In the surge, behind the crash and the order that cannot be read. */
const TAKEN_AT_MS = 14_500;

const SIZES = { wide: [1440, 900], middle: [820, 1180], narrow: [390, 844] } as const;
const SCHEMES = ['light', 'dark'] as const;

const [folder, subject] = process.argv.slice(2);
const isLarge = subject === 'large';
const startedMs = performance.now();
const demo = spawn(process.execPath, isLarge ? [LARGE] : [DEMO, '25', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const [line] = (await once(demo.stdout.setEncoding('utf8'), 'data')) as [string];
  const url = /http:\S+/.exec(line)?.[0] as string;
  const shots = Object.entries(SIZES).flatMap(([size, [width, height]]) =>
    SCHEMES.map((colorScheme) => ({ size, colorScheme, viewport: { width, height } })),
  );
  const wanted = folder === undefined ? shots.filter(({ size }) => size === 'wide') : shots;
  const pages = await Promise.all(
    wanted.map(async ({ size, ...look }) => {
      const options: BrowserContextOptions = { ...look, deviceScaleFactor: 1 };
      const page = await (await browser.newContext(options)).newPage();
      await page.goto(url);
      return { page, name: `dashboard-${folder === undefined ? '' : `${size}-`}${look.colorScheme}.png` };
    }),
  );
  const takenAtMs = isLarge ? LARGE_TAKEN_AT_MS : TAKEN_AT_MS;
  await pages[0].page.waitForTimeout(Math.max(0, takenAtMs - (performance.now() - startedMs)));
  for (const { page, name } of pages) {
    const path = `${folder ?? PICTURES}/${isLarge ? 'large-' : ''}${name}`;
    await page.screenshot({ path, fullPage: true });
    if (!isLarge) continue;
    await page.getByRole('button', { name: 'whole' }).click();
    await page.locator('.card.graph').screenshot({ path: path.replace('.png', '-whole.png') });
    await page.locator('#busiest').click();
    await page.locator('.card.graph').screenshot({ path: path.replace('.png', '-busiest.png') });
  }
} finally {
  await browser.close();
  demo.kill();
}
