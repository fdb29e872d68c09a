// node examples/bundles/build-esbuild.js [folder]: two files that share chunks, and one file.
import { build } from 'esbuild';

const outdir = process.argv[2] ?? 'dist/bundles-esbuild';
const common = /** @type {const} */ ({ bundle: true, platform: 'node', format: 'esm', packages: 'external', outdir });

await build({ ...common, entryPoints: ['app.js', 'squares.js'], splitting: true, absWorkingDir: import.meta.dirname });
await build({ ...common, entryPoints: ['one-file.js'], absWorkingDir: import.meta.dirname });
