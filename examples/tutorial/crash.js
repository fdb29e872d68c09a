import visits from './all-cores.js';

const [file] = process.argv.slice(2);
const job = await visits.run({ params: { file } });
job.on('crash', ({ report }) => console.log(`crash: ${report.reason.message}`));
job.on('recovered', ({ operator, replica }) => console.log(`recovered: replica ${replica} of '${operator}'`));

const drill = job.killWorker(0);
let pages = 0;
let total = 0;
for await (const { visits } of job.output('pages-seen')) {
  pages += 1;
  total += visits;
}
await drill;
await job.done;
console.log(`${total} visits of ${pages} pages`);
