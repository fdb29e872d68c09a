// What may stand where the cursor is on a command line: what shells ask for, `millrace completion words -- …`.
// Promises: the options are those of the tables, and of the flow that the line names, so it knows each that there is; nothing where a file
// may stand, which shells know better. Whatever is wrong with the line, it gives what it can and does not fail.

import { type ParamTable, paramFlag } from '../flow/declared-params.ts';
import { COMMANDS, SHELLS } from './arguments.ts';
import { ATTACH_FLAGS } from './attach-arguments.ts';
import { COMMAND_FLAGS, isBrief, RUN_FLAGS } from './command-options.ts';
import { loadFlow } from './flow-module.ts';

/** Who presses a key waits for no module that hangs. */
const LOAD_MS_MAX = 3000;

const dashed = (names: readonly string[]): readonly string[] => names.map((name) => `--${name}`);

const RUN_NAMES = [...COMMAND_FLAGS, ...RUN_FLAGS].map(({ name }) => name);
/** Flags behind which a value stands. */
const TAKING: ReadonlySet<string> = new Set(
  [...COMMAND_FLAGS, ...RUN_FLAGS]
    .filter((flag) => flag.placeholder !== undefined && !isBrief(flag))
    .map(({ name }) => `--${name}`),
);

/** The parameters that the flow of a line declares; none if it cannot be loaded. */
async function paramsOf(words: readonly string[]): Promise<ParamTable> {
  const flow = words[words.indexOf('--flow') + 1];
  const module = words.find((word, i) => !word.startsWith('-') && !TAKING.has(words[i - 1]));
  if (module === undefined) return {};
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), LOAD_MS_MAX).unref();
  });
  const loading = loadFlow(module, words.includes('--flow') ? flow : undefined);
  const loaded = await Promise.race([loading, late]).catch(() => undefined);
  return loaded?.params ?? {};
}

async function wordsOfFlow(before: readonly string[], word: string): Promise<readonly string[]> {
  const last = before.at(-1) ?? '';
  if (TAKING.has(last)) return [];
  const isName = word.startsWith('-');
  if (!isName && !last.startsWith('--')) return [];
  const params = await paramsOf(before);
  if (isName) return dashed([...Object.keys(params).map(paramFlag), ...RUN_NAMES]);
  const asked = Object.entries(params).find(([name]) => `--${paramFlag(name)}` === last)?.[1];
  if (asked === undefined) return [];
  if (asked.type === 'boolean') return ['true', 'false'];
  return typeof asked.type === 'string' ? [] : asked.type.map(String);
}

async function candidates([command, ...before]: readonly string[], word: string): Promise<readonly string[]> {
  switch (command) {
    case undefined:
      return [...COMMANDS, '--help', '--version'];
    case 'run':
    case 'check':
      return wordsOfFlow(before, word);
    case 'top':
    case 'inspect':
      return word.startsWith('-') ? dashed([...ATTACH_FLAGS[command], 'help']) : [];
    case 'completion':
      return before.length === 0 ? SHELLS : [];
    default:
      return word.startsWith('-') ? ['--help'] : [];
  }
}

/**
 * What completes the last word, a line each.
 * @param words of the line behind `millrace`, up to the cursor; the last one is what has been typed of a word, or ''
 */
export async function completedWords(words: readonly string[]): Promise<string> {
  const word = words.at(-1) ?? '';
  const found = await candidates(words.slice(0, -1), word);
  return found
    .filter((each) => each.startsWith(word))
    .map((each) => `${each}\n`)
    .join('');
}
