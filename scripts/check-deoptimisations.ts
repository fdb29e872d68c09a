// The deoptimisation check: in steady state V8 must not deoptimise the generated step functions again and again.
// Promises: runs each flow under --trace-deopt, counts per function what comes after the middle of its tuples, and exits 1
// if any function has more than a handful: a loop has hundreds. (At the end of the stream each function is surprised once.)

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PER_FUNCTION_MAX = 6;
const TIMEOUT_MS = 120_000;
const RUNS = [
  { name: 'hop', tuples: 20_000_000 },
  { name: 'keyed', tuples: 10_000_000 },
  { name: 'words', tuples: 5_000_000 },
];

const child = fileURLToPath(new URL('./deoptimisation-run.js', import.meta.url));

/** Deoptimisations after the flow's middle, by function. */
async function steadyDeoptimisations(name: string, tuples: number): Promise<Map<string, string[]>> {
  const running = spawn(process.execPath, ['--trace-deopt', child, name, String(tuples)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
  });
  let steady = false;
  const found = new Map<string, string[]>();
  for await (const line of createInterface({ input: running.stdout })) {
    if (line.includes('STEADY')) steady = true;
    else if (steady && line.includes('bailout')) {
      const name = /<JSFunction (\S*)/.exec(line)?.[1] ?? '(unknown)';
      const reason = /reason: ([^)]*)/.exec(line)?.[1] ?? line;
      found.set(name, [...(found.get(name) ?? []), reason]);
    }
  }
  const code = running.exitCode ?? (await new Promise((resolve) => running.once('close', resolve)));
  if (code !== 0) throw new Error(`flow '${name}' ended with exit code ${code}`);
  if (!steady) throw new Error(`flow '${name}' never reported its middle`);
  return found;
}

let failed = false;
for (const { name, tuples } of RUNS) {
  const found = await steadyDeoptimisations(name, tuples);
  const counts = [...found.values()].map((reasons) => reasons.length);
  const most = Math.max(0, ...counts);
  const total = counts.reduce((sum, count) => sum + count, 0);
  console.log(
    `${name}: ${total} deoptimisations in steady state, of one function at most ${most} (limit ${PER_FUNCTION_MAX}), Node.js ${process.version}`,
  );
  for (const [functionName, reasons] of found) {
    if (reasons.length <= PER_FUNCTION_MAX) continue;
    failed = true;
    console.error(`  ${functionName}: ${reasons.length} times, ${[...new Set(reasons)].join('; ')}`);
  }
}
process.exit(failed ? 1 : 0);
