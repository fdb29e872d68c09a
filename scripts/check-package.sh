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
test ! -d node_modules/msgpackr && test -f node_modules/millrace/dist/src/LICENSE-msgpackr
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

# The types, by each way in which TypeScript looks for a module. TypeScript 5 is the last that has all of them.
npm install --silent --save-dev typescript@5.9 @types/node@20
cat > types.mts <<'TYPES'
import { dataflow, type Job, t } from 'millrace';
import { count } from 'millrace/aggregates';
import { writeJson } from 'millrace/sinks';
import { readJson } from 'millrace/sources';
import { testOperator } from 'millrace/testing';
import { tumbling } from 'millrace/windows';

const fields = { word: t.string(), at: t.timestamp(), items: t.list(t.struct({ price: t.f64() })) };
export const flow = dataflow('file:///flow.js', 'types', { params: { file: { type: 'string' } } }, (builder, { file }) => {
  const words = builder.source('words', readJson(file, fields)).withEventTime('at');
  words.to('copy', writeJson('copy.json'));
  words.filter('cheap', ({ items }) => items.every(({ price }) => price < 1)).keyBy('word').window(tumbling({ sizeMs: 1000 })).aggregate('count', { words: count() }).collect('counts');
});
// @ts-expect-error: the parameter is a string.
export const job: Promise<Job<never, never>> = flow.run({ params: { file: 5 } });
export const test = testOperator;
TYPES
for how in 'node16 node16' 'nodenext nodenext' 'bundler esnext' 'node10 esnext'; do
  read -r resolution module <<<"$how"
  npx tsc --noEmit --strict --skipLibCheck false --lib es2022 --target es2022 --moduleResolution "$resolution" --module "$module" types.mts
  echo "package: types under $resolution"
done
