// An app whose system refuses something that a job needs: as many descriptors as the second argument says are left, others as the limits of
// the process say. Prints the code and the message of what run() or the job rejects with. Run by refusals.test.ts.

import { closeSync, openSync } from 'node:fs';
import { finished } from '../flows/finished.ts';

const [options, descriptorsLeft] = process.argv.slice(2);
if (descriptorsLeft !== undefined) {
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null'));
  } catch {
    for (let i = 0; i < Number(descriptorsLeft); i++) closeSync(held.pop() as number);
  }
}
try {
  const job = await finished.run({ params: { keys: 10, way: 'fail' }, spares: 0, ...JSON.parse(options) });
  await job.done;
} catch (error) {
  const { name, code, message } = error as Error & { code: string };
  console.log([name, code, message].join(' '));
}
