// Puts the compiled modules of src/ into five files, and leaves in their places modules that only re-export from them: a worker
// thread then loads a handful of files instead of 170, which was most of what starting one took. dist/src/api.js has what flows are declared
// with, dist/src/connectors.js sources and sinks, dist/src/start.js what lets threads start, dist/src/engine.js what a worker loads,
// dist/src/app.js the rest, which the app's thread loads while its threads start; common-*.js what several of them share. Comments and indentation are left out, since a thread reads all of it before it does anything.
// Promises: each module is there once, whoever imports it and by whichever path; import.meta.url is still that of the module's own
// file. The program of the command line is a bundle too, of its folder, and of what each command needs by itself; its modules stay as
// they are, for those who test them.
// Relies on tsc's output, made just before: the types beside each module stay what they are.

import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin, transform } from 'esbuild';

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url));
const COMPILED = fileURLToPath(new URL('../src', import.meta.url));
/** What is in each file: the modules that are loaded with these, unless they are in one before. The rest is in the last. */
const BUNDLES: Readonly<Record<string, readonly string[]>> = {
  api: ['index.ts', 'aggregates.ts', 'windows.ts'],
  connectors: ['sources.ts', 'sinks.ts'],
  start: ['supervisor/job/run-flow.ts'],
  engine: ['workers/worker.ts'],
};
const LAST = 'app';
const BUNDLE_NAMES = [...Object.keys(BUNDLES), LAST];
const IS_BUNDLE = new RegExp(`^(${BUNDLE_NAMES.join('|')})$`);
/** Columns: stack traces stay readable. */
const LINE_LENGTH = 160;

/** What a module takes for its own address stays so in a file elsewhere: in a folder of src/. */
const ownUrls = (folder: string): Plugin => ({
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return;
      const { code } = await transform(text, { loader: 'ts', define: { 'import.meta.url': 'ownUrl' } });
      const own = `./${relative(folder, path).replace(/\.ts$/, '.js')}`;
      return { contents: `const ownUrl = new URL('${own}', import.meta.url).href;\n${code}` };
    });
  },
});

/**
 * Packages that go into the bundles. msgpackr in its form without native code: as a dependency it would bring along a package whose
 * install script npm warns of, for a faster way to read long texts, which few values have. comlink since each thread would find and
 * read a file in the format of CommonJS.
 */
const INSIDE: Readonly<Record<string, string>> = {
  msgpackr: 'msgpackr/index.js',
  comlink: 'comlink/dist/esm/comlink.mjs',
  'comlink/dist/esm/node-adapter.mjs': 'comlink/dist/esm/node-adapter.mjs',
};
const LICENSED = ['msgpackr', 'comlink'];
const PACKAGES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

const inside: Plugin = {
  name: 'inside',
  setup({ onResolve }) {
    onResolve({ filter: /^(msgpackr|comlink)\b/ }, ({ path }) => ({ path: join(PACKAGES, INSIDE[path]) }));
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
  minifyWhitespace: true,
  lineLimit: LINE_LENGTH,
  plugins: [ownUrls(SOURCE), inside],
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
const loadedBy = Object.entries(BUNDLES).map(([name, entries]) => [name, loadedWith(entries, metafile)] as const);

/** Of the files, the one that has a module. */
const bundleOf = (path: string): string => loadedBy.find(([, loaded]) => loaded.has(path))?.[0] ?? LAST;

/** A list of a module's exports, each with its name in the bundle, where no two may have the same one. */
const listed = (path: string, each: (name: string, inBundle: string) => string): string =>
  (exportsOf.get(path) as readonly string[])
    .map((name) => each(name, `${path.slice(0, -'.ts'.length).replaceAll(/\W/g, '_')}$${name}`))
    .join(', ');

/** The bundles' own modules, which are nowhere on disk. */
const bundles: Plugin = {
  name: 'bundles',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: IS_BUNDLE }, ({ path }) => ({ path, namespace: 'bundles' }));
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
  entryPoints: BUNDLE_NAMES,
  plugins: [ownUrls(SOURCE), inside, bundles],
  logLevel: 'warning',
});
for (const path of exportsOf.keys()) {
  const bundle = `${'../'.repeat(path.split('/').length - 1) || './'}${bundleOf(path)}.js`;
  const list = listed(path, (name, inBundle) => `${inBundle} as ${name}`);
  writeFileSync(join(COMPILED, path.replace(/\.ts$/, '.js')), `export { ${list} } from '${bundle}';\n`);
}

const CLI = join(SOURCE, 'cli');
/** What the command line has from the library it has from the library's own files. */
const library: Plugin = {
  name: 'library',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\// }, ({ path }) => ({ path: path.replace(/\.ts$/, '.js'), external: true }));
  },
};
const compiledCli = join(COMPILED, 'cli');
for (const file of readdirSync(compiledCli)) if (file.startsWith('common-')) rmSync(join(compiledCli, file));
await build({
  ...OPTIONS,
  absWorkingDir: CLI,
  entryPoints: ['main.ts'],
  plugins: [ownUrls(CLI), library],
  outdir: compiledCli,
  logLevel: 'warning',
});
for (const name of LICENSED) cpSync(join(PACKAGES, name, 'LICENSE'), join(COMPILED, `LICENSE-${name}`));
