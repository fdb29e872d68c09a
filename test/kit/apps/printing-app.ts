// An app whose workers print, in some scenario. Run by printing.test.ts.
// Its last line says how many lines the closures had printed by then, and the code of the error that the job failed with.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Ending, PRINTS, PrintCell, printing, printsLarge } from '../flows/printing.ts';

const [scenario, ending = 'none', to = 'stdout'] = process.argv.slice(2);
const cells = new Int32Array(new SharedArrayBuffer(8));
const printed = (): number => Atomics.load(cells, PrintCell.printed);
let code = 'none';

if (scenario === 'large') {
  const job = await printsLarge.run({ workers: 1, spares: 0 });
  await job.done;
} else {
  if (scenario === 'spare') process.env[PRINTS] = 'yes';
  // One that is ended from outside must not come to its end by itself.
  const count = scenario === 'plain' ? 5000 : 100_000;
  const params = {
    count,
    to: to as 'stdout',
    ending: ending as Ending,
    cells: cells.buffer as SharedArrayBuffer,
    ...(scenario === 'spare' && { ratePerSecond: 100 }),
  };
  const spares = scenario === 'spare' ? 1 : 0;
  const job = await printing.run({ params, workers: 1, spares, hangTimeoutMs: 500, supervision: { intensity: 100 } });
  if (scenario === 'spare') {
    while (!job.workers().some(({ state }) => state === 'spare')) await sleep(10);
    await job.cancel();
  } else if (count > 5000) {
    while (printed() < 3000) await sleep(1);
    if (scenario === 'kill') await job.killWorker(0);
    await job.cancel();
  }
  await job.done.catch((error) => {
    code = error.code;
  });
}
console.log(`end ${printed()} ${code}`);
