// A flow in which one operator takes all the time.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** Works for some tenths of a millisecond. */
function spinForAWhile(n: number): number {
  const untilMs = performance.now() + 0.3;
  let sum = n;
  while (performance.now() < untilMs) sum = (sum * 31 + 7) >>> 0;
  return sum;
}

export const spinning = dataflow(import.meta.url, 'spinning', (flow) => {
  const numbers = flow.source(
    'numbers',
    generate({ n: t.u32() }, (n) => ({ n }), { ratePerSecond: 2000 }),
  );
  return numbers
    .map('busy', { n: t.u32() }, ({ n }) => ({ n: spinForAWhile(n) }), { fuse: false })
    .filter('few', ({ n }) => n % 1000 === 0)
    .collect('out');
});
