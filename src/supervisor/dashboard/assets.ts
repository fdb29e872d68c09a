// The files of the page: its own, and the library that draws its lines.
// Promises: only what is listed here is served, whatever a path says. Nothing is built: the page's files are in the package as they
// were written, and the library's are those that npm has installed.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PAGE = new URL('../../../../src/supervisor/dashboard/page/', import.meta.url);

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** What is served, by its path: of which type it is, and the file. */
const ASSETS: Readonly<Record<string, readonly [type: string, file: string]>> = {
  '/': [HTML, 'index.html'],
  '/page.css': [STYLE, 'page.css'],
  '/page.js': [SCRIPT, 'page.js'],
  '/details.js': [SCRIPT, 'details.js'],
  '/dom.js': [SCRIPT, 'dom.js'],
  '/text.js': [SCRIPT, 'text.js'],
  '/graph.js': [SCRIPT, 'graph.js'],
  '/graph-tools.js': [SCRIPT, 'graph-tools.js'],
  '/viewport.js': [SCRIPT, 'viewport.js'],
  '/moving.js': [SCRIPT, 'moving.js'],
  '/timeline.js': [SCRIPT, 'timeline.js'],
  '/panels.js': [SCRIPT, 'panels.js'],
  '/operator.js': [SCRIPT, 'operator.js'],
  '/latency.js': [SCRIPT, 'latency.js'],
  '/profile.js': [SCRIPT, 'profile.js'],
  '/heat.js': [SCRIPT, 'heat.js'],
  '/state.js': [SCRIPT, 'state.js'],
  '/stream.js': [SCRIPT, 'stream.js'],
  '/reader.js': [SCRIPT, 'reader.js'],
  '/changes.js': [SCRIPT, 'changes.js'],
  '/shared-stream.js': [SCRIPT, 'shared-stream.js'],
  '/icon.svg': ['image/svg+xml', 'icon.svg'],
  '/uplot.js': [SCRIPT, 'uplot/dist/uPlot.iife.min.js'],
  '/uplot.css': [STYLE, 'uplot/dist/uPlot.min.css'],
};

/** Paths of all files. */
export const ASSET_PATHS: readonly string[] = Object.keys(ASSETS);

/** A file by its path, which is one of {@link ASSET_PATHS}. */
export async function assetAt(path: string): Promise<{ readonly type: string; readonly body: string }> {
  const [type, file] = ASSETS[path];
  const location = file.startsWith('uplot/')
    ? createRequire(import.meta.url).resolve(file)
    : fileURLToPath(new URL(file, PAGE));
  return { type, body: await readFile(location, 'utf8') };
}
