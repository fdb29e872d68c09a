#!/usr/bin/env node
// The command `millrace`.
// Promises: a line `millrace: <message> [CODE]` on standard error for whatever goes wrong, and below it where the docs tell of the
// code; an exit code that tells wrong usage (2: another command line would do) from a failure (1).

import { sep } from 'node:path';
import { inspect } from 'node:util';
import { errorPage } from '../errors/error-page.ts';
import { type Command, type HelpCommand, isVerbose, parseArguments, type RunCommand } from './arguments.ts';
import type { TopCommand } from './attach-arguments.ts';
import { EXIT_DONE, EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts';
import { WrongUsage } from './wrong-usage.ts';

const args = process.argv.slice(2);

/** Prints an error. Its code is read from any object: the user's module may use another copy of the library. */
function report(error: unknown, exitCode: number): number {
  const { message, code, name } = (error ?? {}) as { message?: string; code?: unknown; name?: string };
  const text = (message ?? String(error)).replace(/\s*\n\s*/g, ' ');
  process.stderr.write(`millrace: ${text} [${typeof code === 'string' ? code : (name ?? 'Error')}]\n`);
  // The command line's own help says more than the page does.
  const page = code === 'USAGE' ? undefined : errorPage(code);
  if (page !== undefined) process.stderr.write(`  see ${relativeTo(process.cwd(), page)}\n`);
  if (isVerbose(args)) process.stderr.write(`${inspect(error)}\n`);
  return exitCode;
}

/** A path as it is seen from a folder, if it is within. */
const relativeTo = (folder: string, path: string): string =>
  path.startsWith(`${folder}${sep}`) ? path.slice(folder.length + 1) : path;

/** A command is loaded when it is given: none waits for the code of another one. */
async function obey(command: Command): Promise<number> {
  if (command.kind === 'run') return (await import('./run.ts')).run(command);
  if (command.kind === 'top') {
    await (await import('./top.ts')).top(command);
    return EXIT_DONE;
  }
  process.stdout.write(await textFor(command));
  return EXIT_DONE;
}

async function textFor(command: Exclude<Command, RunCommand | TopCommand>): Promise<string> {
  switch (command.kind) {
    case 'check':
      return (await import('./check.ts')).check(command);
    case 'init':
      return (await import('./init.ts')).init(command.folder);
    case 'schema':
      return (await import('./schema.ts')).schemaOf(command.file);
    case 'inspect':
      return (await import('./inspect.ts')).inspected(command);
    case 'completion':
      return (await import('./completion.ts')).completionScript(command.shell);
    case 'completionWords':
      return (await import('./completion-words.ts')).completedWords(command.words);
    case 'help':
      return helpText(command);
    case 'version':
      return `${(await import('./version.ts')).version()}\n`;
  }
}

async function helpText({ module, flow }: HelpCommand): Promise<string> {
  const { HELP, helpOf } = await import('./help.ts');
  if (module === undefined) return HELP;
  const { loadFlow } = await import('./flow-module.ts');
  return helpOf(module, await loadFlow(module, flow));
}

async function main(): Promise<number> {
  let command: Command;
  try {
    command = parseArguments(args);
  } catch (error) {
    return report(error, EXIT_USAGE);
  }
  try {
    return await obey(command);
  } catch (error) {
    return error instanceof WrongUsage ? report(error.error, EXIT_USAGE) : report(error, EXIT_FAILED);
  }
}

/** Ends the process also if the user's module keeps the event loop busy, but not before a pipe has taken what was written. */
function exit(code: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

process.on('uncaughtException', (error) => exit(report(error, EXIT_FAILED)));
const code = await main();
exit(code);
