// Runs the command line as a user does, in a process of its own.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's directory, wherever this file has been compiled to. */
export const ROOT = fileURLToPath(new URL('.', import.meta.resolve('millrace/package.json')));
export const MAIN = fileURLToPath(new URL('dist/src/cli/main.js', `file://${ROOT}`));

/** The path of a flow's module in test/cli/flows. */
export const flowModule = (name: string): string => fileURLToPath(new URL(`cli-flows/${name}.js`, import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  /** Resolves when standard output or standard error has the text. */
  seen(text: string): Promise<void>;
  interrupt(): void;
  readonly pid: number | undefined;
  /** Closes the reading end of its standard output. */
  closeOutput(): void;
  readonly done: Promise<Outcome>;
}

/** Without the mark of Node's test runner, for which a test in a test would run nothing and pass. */
const { NODE_TEST_CONTEXT: _, ...ENVIRONMENT } = process.env;

/** Starts `node <script> …args`, by default in the repository's directory. */
export function start(script: string, args: readonly string[], folder = ROOT): RunningCommand {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: folder,
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const listener of listeners) listener();
  });
  const done = new Promise<Outcome>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return {
    seen: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        check();
        void done.then(() => reject(new Error(`the command ended without '${text}': ${stderr}`)));
      }),
    pid: child.pid,
    interrupt: () => void child.kill('SIGINT'),
    closeOutput: () => void child.stdout.destroy(),
    done,
  };
}

/** Runs `millrace …args`. */
export const millrace = (...args: readonly string[]): Promise<Outcome> => start(MAIN, args).done;
