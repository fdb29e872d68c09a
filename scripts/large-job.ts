// A job with 60 operators and more than 200 replicas, with a page: for pictures of a large graph. `node dist/scripts/large-job.js` runs until
// Ctrl-C and prints the address of the page. What the page costs such a job: `npm run bench -- dashboard`.

import { LARGE_OPTIONS, large } from '../bench/flows/large.ts';

const job = await large.run(LARGE_OPTIONS);
const { operators } = job.reading();
const replicas = operators.reduce((sum, operator) => sum + operator.replicas.length, 0);
console.log(`the page: ${job.urls.ui}`);
console.log(`${operators.length} operators, ${replicas} replicas`);
process.once('SIGINT', () => void job.cancel());
