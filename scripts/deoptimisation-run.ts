// The child of the deoptimisation check: runs one flow, named on the command line.

import * as flows from './deoptimisation-flows.ts';

const [name, count] = process.argv.slice(2);
const job = await flows[name as keyof typeof flows].run({ params: { count: Number(count) }, workers: 2 });
await job.done;
