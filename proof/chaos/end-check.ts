// What is checked of a chaos run when its job has ended: the file of its sink, its counts, its dead letters.
// Promises: every count is exact, or a violation.

import { createReadStream } from 'node:fs';
import type { Job } from '../../src/index.ts';
import type { Target } from './drill-words.ts';
import { KEYS, PARTS } from './numbering.ts';
import type { Oracle, Violations } from './oracle.ts';
import type { Settings } from './plan.ts';
import type { Pusher } from './pusher.ts';
import type { SumOracle } from './sums.ts';
import type { Victims } from './victims.ts';

/** Reads the sink's file, and shows each line to its oracle. */
export async function readFile(path: string, oracle: Oracle, violations: Violations): Promise<void> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) {
      const match = /^(\d+) (\d+) (\d+) (\d+)$/.exec(line);
      if (match === null) violations.add('other', `file: the line ${JSON.stringify(line)}`);
      else {
        const [key, uid, count, digest] = match.slice(1).map(Number);
        oracle.see(key, { uid, count, digest });
      }
    }
  }
  if (rest !== '') violations.add('other', `file: ends with ${JSON.stringify(rest)}`);
}

/** All that can only be said when the job has ended. */
export function checkEnd(
  job: Job,
  { flow }: Settings,
  violations: Violations,
  victims: Victims,
  pushers: readonly Pusher[],
  oracle: Oracle,
  file: Oracle,
  sums: SumOracle,
): void {
  const { operators } = job.reading();
  const of = (name: string) => {
    const found = operators.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no operator '${name}'`);
    return found;
  };
  const expect = (what: string, found: number, expected: number): void => {
    if (found !== expected) violations.add('other', `${what} is ${found} instead of ${expected}`);
  };
  // Whether operators are fused shows nowhere: each counts what it has done, and not what it has failed at.
  const main = of('numbers').tuplesOut + victims.countOf(['numbers']);
  const pushed = flow.pushed ? of('pushed').tuplesOut : 0;
  for (const { name, pushed: expected } of pushers) expect(`tuples out of '${name}'`, of(name).tuplesOut, expected);

  const relayed = main + pushed - victims.countOf(['numbers', 'relay']);
  const spread = relayed - victims.countOf(['spread']);
  expect(`tuples into 'relay'`, of('relay').tuplesIn, relayed);
  expect(`tuples out of 'relay'`, of('relay').tuplesOut, relayed);
  expect(`tuples into 'spread'`, of('spread').tuplesIn, spread);
  expect(`tuples out of 'spread'`, of('spread').tuplesOut, spread * PARTS);
  const counted = spread * PARTS - victims.countOf(['count']);
  expect(`tuples into 'count'`, of('count').tuplesIn, counted);
  expect(`tuples out of 'count'`, of('count').tuplesOut, counted + oracle.finals);
  const totalled = counted + oracle.finals - victims.countOf(['total']);
  expect(`tuples into 'total'`, of('total').tuplesIn, totalled);
  expect(`tuples out of 'total'`, of('total').tuplesOut, totalled);
  expect(`tuples into 'out'`, of('out').tuplesIn, totalled);
  expect(`tuples seen`, oracle.tuples + oracle.finals, totalled);
  expect(`tuples into 'thin'`, of('thin').tuplesIn, totalled);
  for (const name of ['line', 'file']) expect(`tuples into '${name}'`, of(name).tuplesIn, file.tuples + file.finals);

  const idsOf = (key: number): number => (key < KEYS ? main : pushed);
  const before: Target[] = ['numbers', 'relay', 'spread', 'count', 'total'];
  const { deadFinals } = victims;
  oracle.finish({ idsOf, dead: victims.deadAt(before), deadFinals });
  const covers = (key: number): boolean => key % flow.fileEvery === 0;
  file.finish({ idsOf, dead: victims.deadAt([...before, 'line']), deadFinals, covers });
  const made = of('summands').tuplesOut;
  const weighed = made - victims.countOf(['weigh']);
  expect(`tuples out of 'weigh'`, of('weigh').tuplesOut, weighed);
  expect(`tuples into 'sums.combine'`, of('sums.combine').tuplesIn, weighed);
  expect(`tuples into 'sums'`, of('sums').tuplesIn, of('sums.combine').tuplesOut);
  sums.finish(made, victims.deadAt(['weigh']));
  expect('job.deadLetters.count', job.deadLetters.count, victims.count);
  expect('job.deadLetters.dropped', job.deadLetters.dropped, 0);
}
