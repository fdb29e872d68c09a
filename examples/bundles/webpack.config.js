// npx webpack -c examples/bundles/webpack.config.js: one file. `import.meta.url` stays as it is: it is the bundle's address.
export default {
  context: import.meta.dirname,
  entry: './one-file.js',
  mode: 'production',
  target: 'node20',
  experiments: { outputModule: true },
  output: { filename: 'one-file.mjs', library: { type: 'module' } },
  externals: /^millrace/,
  externalsType: 'module',
  module: { parser: { javascript: { importMeta: false } } },
};
