// npx vite build examples/bundles: a build for a server, of two files that share chunks.
export default {
  build: {
    ssr: true,
    target: 'node20',
    rollupOptions: { input: ['app.js', 'squares.js'], external: /^millrace/ },
  },
};
