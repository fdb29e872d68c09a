// The loader tsx on a worker thread, where the process runs under it.
// Why: threads inherit `--import tsx`, but tsx registers itself on the main thread alone where Node.js has no hooks that run in the
// thread which they are for (Node.js 20, early 22): there its API is called for the thread. What Node.js 22.18 and newer do not need
// is not done there.
// Promises: once a thread; nothing is loaded where tsx was not asked for.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The option's value, or the path of a file of its package: `tsx`, `tsx/esm`, `file:///…/tsx/dist/loader.mjs`. */
const OF_TSX = /(?:^|[\s='"/\\])tsx(?:$|[\s'"/\\])/;
const PATH = /^(?:file:|[/\\]|[a-z]:)/i;

/** The options that name tsx, of which those that are paths say where it is. */
export function tsxOptions(execArgv: readonly string[], nodeOptions = ''): readonly string[] {
  const words = [...execArgv, ...nodeOptions.split(/\s+/)].map((word) => word.replace(/^--\w[\w-]*=/, ''));
  return words.filter((word) => OF_TSX.test(word));
}

/** The path of a module of tsx, as seen from the first place that sees it: the ES form, since the other one does not find its hooks. */
function resolvedFrom(places: readonly string[], module: string): string | undefined {
  for (const place of places) {
    try {
      return createRequire(place)
        .resolve(module)
        .replace(/\.cjs$/, '.mjs');
    } catch {
      // Seen from the next one, or from none: what the import says then is what the user reads.
    }
  }
  return undefined;
}

let registered: Promise<void> | undefined;

/**
 * Registers tsx for this thread if the process was started with it, and Node.js cannot load TypeScript here without.
 * @param moduleUrl of what is to be imported
 */
export function registerTsx(moduleUrl: string): Promise<void> {
  const options = tsxOptions(process.execArgv, process.env.NODE_OPTIONS);
  const loadsTypes = Boolean((process.features as { typescript?: unknown }).typescript);
  if (options.length === 0 || loadsTypes) return Promise.resolve();
  registered ??= register([...options.filter((option) => PATH.test(option)), moduleUrl, `${process.cwd()}/`]);
  return registered;
}

async function register(places: readonly string[]): Promise<void> {
  for (const kind of ['cjs', 'esm']) {
    const path = resolvedFrom(places, `tsx/${kind}/api`);
    if (path === undefined) return;
    const { register } = (await import(pathToFileURL(path).href)) as { register(): unknown };
    register();
  }
}
