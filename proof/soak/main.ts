// The soak: a fast source and a slow sink run for a while; memory must stay bounded by ring and state sizes.
// Usage: npm run soak -- --seconds 60. Exits 1 if the process has grown after the warm-up by more than GROWTH_BYTES_MAX.

import { parseArgs } from 'node:util';
import { soak } from './flow.ts';

const GROWTH_BYTES_MAX = 48 * 2 ** 20;
const WARM_UP_SHARE = 0.3;
const SAMPLES = 20;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const job = await soak.run({ workers: 2 });
let warm = 0;
let most = 0;
for (let sample = 1; sample <= SAMPLES; sample++) {
  await wait((seconds * 1000) / SAMPLES);
  const { rss } = process.memoryUsage();
  const [source, sum, slow] = job.reading().operators;
  const [sumFill, slowFill] = [sum, slow].map(({ replicas }) => (replicas[0].queueFill * 100).toFixed(0));
  if (sample <= SAMPLES * WARM_UP_SHARE) warm = Math.max(warm, rss);
  else most = Math.max(most, rss);
  console.log(
    `${((seconds * sample) / SAMPLES).toFixed(0)} s: memory ${mebibytes(rss)}, ${source.tuplesOut} out of the source, ${slow.tuplesIn} into the sink, mailboxes ${sumFill} % and ${slowFill} % full`,
  );
}
await job.cancel();
const growth = most - warm;
console.log(`growth after the warm-up: ${mebibytes(growth)} (at most ${mebibytes(GROWTH_BYTES_MAX)})`);
process.exit(growth > GROWTH_BYTES_MAX ? 1 : 0);
