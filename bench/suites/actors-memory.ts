// Results `memory-100k` and `memory-1m` of suite `actors`: by how much the resident set of a process grows by idle actors.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { By } from '../effort.ts';
import type { Contender } from '../harness.ts';
import { contender } from './actors-contender.ts';

const program = fileURLToPath(new URL('../baselines/idle-actors.js', import.meta.url));
const run = promisify(execFile);

export const IDLE: By<number> = { quick: 5000, usual: 100_000, full: 100_000 };
export const MANY_IDLE = 1_000_000;

/** A process of its own for each run, which checks that all actors are there and have handled their messages. */
export const idle = (name: 'millrace' | 'nact', result: string, count: number) => async (): Promise<Contender> =>
  contender(name, async () => {
    const { stdout } = await run(process.execPath, ['--expose-gc', program, name, String(count)]);
    const bytes = Number(stdout);
    if (!(bytes > 0)) throw new Error(`actors: the process with ${count} idle actors has told: ${stdout}`);
    return { [result]: bytes / 1e6 };
  });
