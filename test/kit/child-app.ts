// Runs a program of the tests in a process of its own, under limits of its own where the shell can set them.

import { spawn } from 'node:child_process';

export interface ChildResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  /** Options of node itself. */
  readonly nodeOptions?: readonly string[];
  /** Options of the shell's ulimit, as in "-n 80". */
  readonly ulimit?: string;
  /** Milliseconds in which nobody reads what it prints. */
  readonly readAfterMs?: number;
}

/** Runs a module to its end. */
export async function runApp(
  path: string,
  values: readonly string[],
  { nodeOptions = [], ulimit, readAfterMs = 0 }: ChildOptions = {},
): Promise<ChildResult> {
  const command = [process.execPath, ...nodeOptions, path, ...values];
  const limited = ulimit === undefined ? command : ['sh', '-c', `ulimit ${ulimit} && exec "$@"`, 'sh', ...command];
  const child = spawn(limited[0], limited.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  if (readAfterMs > 0) await new Promise((resolve) => setTimeout(resolve, readAfterMs));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { code: await ended, stdout, stderr };
}
