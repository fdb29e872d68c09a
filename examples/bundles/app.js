// Runs the flow. Bundled with the flow in a file of its own: workers import that one, and not this.
// Prints 0, 1, 4, 9 and 16.
import { squares } from './squares.js';

const job = await squares.run({ workers: 1 });
for await (const { square } of job.output('squares')) console.log(square);
await job.done;
