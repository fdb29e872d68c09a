// An app whose system refuses something that a job needs: as many descriptors as the second argument says are left, others as the limits of
// the process say. Prints the code and the message of what run() or the job rejects with. Run by refusals.test.ts.

import { closeSync, openSync } from 'node:fs';
import type { RunOptions } from '../../../src/index.ts';
import { type FinishedParams, finished } from '../flows/finished.ts';

const [options, descriptorsLeft] = process.argv.slice(2);
if (descriptorsLeft !== undefined) {
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    for (let i = 0; i < Number(descriptorsLeft); i++) closeSync(held.pop() as number);
  }
}
try {
  const params: FinishedParams = { keys: 10, way: 'fail' };
  const job = await finished.run({ ...(JSON.parse(options) as RunOptions<FinishedParams>), params, spares: 0 });
  await job.done;
} catch (error) {
  const { name, code, message } = error as Error & { code: string };
  console.log([name, code, message].join(' '));
}
