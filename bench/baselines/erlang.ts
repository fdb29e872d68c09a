// Erlang/OTP as a baseline of suite `actors`, where `escript` is on the PATH: each run is a run of actors.erl, which times itself.
// Promises: a run whose count is not the wanted one is an error. Relies on: two schedulers, as ours have two workers.

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contender } from '../harness.ts';

/** Beside the sources: it is not compiled to dist/. */
const program = fileURLToPath(new URL('../../../bench/baselines/actors.erl', import.meta.url));
const SCHEDULERS = 2;
const COMMAND = 'escript';
const run = promisify(execFile);

/** A baseline, or nothing and why. */
export interface Erlang {
  readonly baselines: readonly (() => Promise<Contender>)[];
  readonly note?: string;
}

function isOnPath(path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, COMMAND), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

/**
 * A program of actors.erl.
 * @param counted what it must have counted
 */
export function erlang(
  result: string,
  sizes: readonly number[],
  counted: number,
  { path = process.env.PATH ?? '', schedulers = SCHEDULERS } = {},
): Erlang {
  if (!isOnPath(path)) {
    return { baselines: [], note: `${result}: without its baseline in Erlang, since no ${COMMAND} is on the PATH` };
  }
  const name = 'erlang';
  return {
    baselines: [
      async () => ({
        name,
        async run() {
          const env = { ...process.env, PATH: path, ERL_FLAGS: `+S ${schedulers}:${schedulers}` };
          const { stdout } = await run(COMMAND, [program, result, ...sizes.map(String)], { env });
          const [figure, count] = stdout.trim().split(' ').map(Number);
          if (!(figure > 0) || count !== counted) {
            throw new Error(`erlang: ${result} should count ${counted}, and has told: ${stdout.trim()}`);
          }
          return { [result]: figure };
        },
        async close() {},
      }),
    ],
  };
}
