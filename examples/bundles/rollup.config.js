// npx rollup -c examples/bundles/rollup.config.js: two files that share chunks.
import { join } from 'node:path';

export default {
  input: ['app.js', 'squares.js'].map((file) => join(import.meta.dirname, file)),
  external: /^(millrace|node:)/,
  output: { dir: 'dist/bundles-rollup' },
};
