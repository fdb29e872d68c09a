// The child of the deoptimisation check: runs one flow, named on the command line.

import { hop, keyed, words } from './deoptimisation-flows.ts';

const flows = new Map(Object.entries({ hop, keyed, words }));
const [name, count] = process.argv.slice(2);
const flow = flows.get(name);
if (flow === undefined) throw new Error(`no flow '${name}'`);
const job = await flow.run({ params: { count: Number(count) }, workers: 2 });
await job.done;
