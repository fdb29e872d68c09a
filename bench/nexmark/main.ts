// Nexmark's command line: `npm run bench -- nexmark --input DIR --out DIR …`.
// Promises: resolves to false if a table is not the expected one.

import { join } from 'node:path';
import { openSolo, type Solo } from '../baselines/solo.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { type NexmarkOrder, readCommandLine, USAGE } from './command-line.ts';
import { compareTable, isSame } from './compare.ts';
import { fileOf } from './files.ts';
import { writeLonger } from './longer.ts';
import type { LoopOrder, LoopReport } from './loops/run.ts';
import { runFlow } from './run.ts';

type Loops = Solo<LoopOrder, LoopReport>;

interface Took {
  readonly lines: number;
  readonly elapsedMs: number;
  readonly remark: string;
}

async function runTable(table: string, order: NexmarkOrder, loops: Loops | undefined): Promise<Took> {
  if (loops !== undefined) return { ...(await loops.run({ ...order, table, by: 'bytes' })), remark: '' };
  const { lines, elapsedMs, chaos } = await runFlow({ ...order, table });
  const remark =
    order.chaosSeed === undefined ? '' : `, ${chaos.kills} workers killed, ${chaos.recoveries} actors resumed`;
  return { lines, elapsedMs, remark };
}

/** Whether a table is the expected one; tells what it lacks. */
function isExpected(table: string, output: string, expected: string): boolean {
  const comparison = compareTable(table, join(output, `${table}.csv`), fileOf(expected, table));
  const { rows, missing, unexpected, disordered, examples } = comparison;
  if (isSame(comparison)) {
    console.log(`  ${rows} rows, as expected`);
    return true;
  }
  console.log(`  ${rows} rows: ${missing} missing, ${unexpected} unexpected, ${disordered} out of order`);
  for (const example of examples) console.log(`    ${example}`);
  return false;
}

async function runTables(order: NexmarkOrder): Promise<boolean> {
  const { tables, output, expected } = order;
  const loops = order.isLoop ? openSolo<LoopOrder, LoopReport>('./single-thread-nexmark.js') : undefined;
  let right = true;
  try {
    for (const table of tables) {
      const { lines, elapsedMs, remark } = await runTable(table, order, loops);
      const rate = lines / elapsedMs;
      console.log(
        `${table.padEnd(17)} ${lines} lines in ${(elapsedMs / 1000).toFixed(2)} s, ${rate.toFixed(0)} k lines/s${remark}`,
      );
      if (expected !== undefined) right = isExpected(table, output, expected) && right;
    }
  } finally {
    await loops?.close();
  }
  return right;
}

/** Resolves to whether all tables that were compared are right. */
export async function main(args: readonly string[]): Promise<boolean> {
  const order = readCommandLine(args);
  if (order === 'help') {
    console.log(USAGE);
    return true;
  }
  if (order.copies === 1) return runTables(order);
  return inTemporaryFolder('nexmark', async (input) => {
    writeLonger(order.input, input, order.copies);
    return runTables({ ...order, input });
  });
}
