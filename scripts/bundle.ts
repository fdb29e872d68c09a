// Puts the compiled modules of src/ into two files, and leaves in their places modules that only re-export from them: a worker
// thread then loads a handful of files instead of 170, which was most of what starting one took. dist/src/engine.js has what a
// worker loads, dist/src/app.js the rest, which only the app's thread does; common-*.js what the two share.
// Promises: each module is there once, whoever imports it and by whichever path; import.meta.url is still that of the module's own
// file. The command line stays as it is: it is a process of its own.
// Relies on tsc's output, made just before: the types beside each module stay what they are.

import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin, transform } from 'esbuild';

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));
const COMPILED = fileURLToPath(new URL('../src', import.meta.url));
/** What a worker thread imports: its own entry, and what modules of flows and actors may. */
const WORKER_ENTRIES = ['workers/worker.ts', 'index.ts', 'sources.ts', 'sinks.ts', 'aggregates.ts', 'windows.ts'];

/** What a module takes for its own address stays so in a file elsewhere. */
const ownUrls: Plugin = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return;
      const { code } = await transform(text, { loader: 'ts', define: { 'import.meta.url': 'ownUrl' } });
      const own = `./${relative(SOURCE, path).replace(/\.ts$/, '.js')}`;
      return { contents: `const ownUrl = new URL('${own}', import.meta.url).href;\n${code}` };
    });
  },
};

/**
 * msgpackr goes into the bundles, in its form without native code: as a dependency it would bring along a package whose install script
 * npm warns of. What that adds is a faster way to read long texts, which few values have.
 */
const MSGPACKR = fileURLToPath(new URL('../../node_modules/msgpackr/', import.meta.url));
const ownMsgpackr: Plugin = {
  name: 'own-msgpackr',
  setup({ onResolve }) {
    onResolve({ filter: /^msgpackr$/ }, () => ({ path: join(MSGPACKR, 'index.js') }));
  },
};

const OPTIONS = {
  absWorkingDir: SOURCE,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  plugins: [ownUrls, ownMsgpackr],
  outdir: COMPILED,
  chunkNames: 'common-[hash]',
  metafile: true,
} satisfies BuildOptions;

/** All modules but those of the command line, by their paths within src/. */
const modules = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.startsWith('cli/'))
  .sort();

/** What modules are loaded with these. */
function loadedWith(entries: readonly string[], { inputs }: Metafile): Set<string> {
  const loaded = new Set(entries);
  for (const path of loaded) {
    for (const { kind, path: imported } of inputs[path]?.imports ?? []) {
      if (kind === 'import-statement') loaded.add(imported);
    }
  }
  return loaded;
}

const { metafile } = await build({ ...OPTIONS, entryPoints: modules, write: false });
const exportsOf = new Map<string, readonly string[]>();
for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
  if (entryPoint !== undefined && exports.length > 0) exportsOf.set(entryPoint, exports);
}
const ofWorkers = loadedWith(WORKER_ENTRIES, metafile);

/** Of the two files, the one that has a module. */
const bundleOf = (path: string): string => (ofWorkers.has(path) ? 'engine' : 'app');

/** A list of a module's exports, each with its name in the bundle, where no two may have the same one. */
const listed = (path: string, each: (name: string, inBundle: string) => string): string =>
  (exportsOf.get(path) as readonly string[])
    .map((name) => each(name, `${path.slice(0, -'.ts'.length).replaceAll(/\W/g, '_')}$${name}`))
    .join(', ');

/** The bundles' own modules, which are nowhere on disk. */
const bundles: Plugin = {
  name: 'bundles',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(engine|app)$/ }, ({ path }) => ({ path, namespace: 'bundles' }));
    onLoad({ filter: /.*/, namespace: 'bundles' }, ({ path: bundle }) => ({
      resolveDir: SOURCE,
      contents: [...exportsOf.keys()]
        .filter((path) => bundleOf(path) === bundle)
        .map((path) => `export { ${listed(path, (name, inBundle) => `${name} as ${inBundle}`)} } from './${path}';`)
        .join('\n'),
    }));
  },
};

// Their names change with what they hold.
for (const file of readdirSync(COMPILED)) if (file.startsWith('common-')) rmSync(join(COMPILED, file));
await build({
  ...OPTIONS,
  entryPoints: ['engine', 'app'],
  plugins: [ownUrls, ownMsgpackr, bundles],
  logLevel: 'warning',
});
for (const path of exportsOf.keys()) {
  const bundle = `${'../'.repeat(path.split('/').length - 1) || './'}${bundleOf(path)}.js`;
  const list = listed(path, (name, inBundle) => `${inBundle} as ${name}`);
  writeFileSync(join(COMPILED, path.replace(/\.ts$/, '.js')), `export { ${list} } from '${bundle}';\n`);
}
cpSync(join(MSGPACKR, 'LICENSE'), join(COMPILED, 'LICENSE-msgpackr'));
