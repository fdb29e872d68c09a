#!/usr/bin/env bash
# Packs the package, installs the tarball into an empty project, and runs a flow there, by API and by command line.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
project="$(mktemp -d)"
trap 'rm -rf "$project"' EXIT

cd "$root"
tarball="$(npm pack --silent --pack-destination "$project")"
cd "$project"
npm init --yes >/dev/null
npm install --silent "./$tarball"
cat > flow.mjs <<'FLOW'
import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

export default dataflow(import.meta.url, 'squares', (flow, { count }) =>
  flow
    .source('numbers', generate({ n: t.u32() }, (n) => ({ n }), { count }))
    .map('square', { n: t.u32(), square: t.f64() }, ({ n }) => ({ n, square: n * n }))
    .keyBy('n')
    .process('check', { state: { seen: t.u32() }, output: { square: t.f64() } }, ({ square }, state, emit) => {
      state.seen += 1;
      if (state.seen === 1) emit({ square });
    })
    .collect('squares'));
FLOW
cat > app.mjs <<'APP'
import assert from 'node:assert';
import flow from './flow.mjs';

const job = await flow.run({ params: { count: 1000 }, workers: 2 });
let sum = 0;
for await (const { square } of job.output('squares')) sum += square;
await job.done;
assert.equal(sum, 332_833_500);
console.log(`package: installed from ${process.argv[2]}, sum of squares ${sum}`);
APP
node app.mjs "$tarball"
npx millrace run ./flow.mjs --count 5 --json > out.ndjson 2>/dev/null
grep -q '"square":16' out.ndjson
echo 'package: command line runs'
