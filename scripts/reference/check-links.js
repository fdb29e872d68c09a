// @ts-check
// Follows every link of the site within the site, and fails if one leads nowhere: to a page or file that is not there, or to no place
// on it. `node check-links.js [folder]`

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SITE = resolve(process.argv[2] ?? fileURLToPath(new URL('../../dist/reference', import.meta.url)));

const pages = new Map(
  readdirSync(SITE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .map((path) => [join(SITE, path), readFileSync(join(SITE, path), 'utf8')]),
);

/** @param {string} text */
const decoded = (text) => decodeURIComponent(text.replaceAll('&amp;', '&').replaceAll('&quot;', '"'));

/** @param {string} html */
const placesOf = (html) => new Set([...html.matchAll(/ (?:id|name)="([^"]*)"/g)].map(([, id]) => decoded(id)));
const places = new Map([...pages].map(([path, html]) => [path, placesOf(html)]));

let followed = 0;
const broken = new Set();
for (const [path, html] of pages) {
  for (const [, link] of html.matchAll(/ (?:href|src)="([^"]*)"/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    followed++;
    const [file, place] = decoded(link).split('#');
    const target = file === '' ? path : resolve(dirname(path), file);
    const isThere = place === undefined || place === '' || places.get(target)?.has(place) !== false;
    if (!existsSync(target) || !isThere) broken.add(`${relative(SITE, path)}: ${decoded(link)}`);
  }
}
if (broken.size > 0) {
  console.error(`links of the site that lead nowhere:\n  ${[...broken].join('\n  ')}`);
  process.exitCode = 1;
} else if (pages.size < 2 || followed === 0) throw new Error(`there is no site in ${SITE}`);
