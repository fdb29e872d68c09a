// The command lines of `millrace top` and `millrace inspect`, as data.
// Promises: complete and in range, or a typed error.

import { parseArgs } from 'node:util';
import { errors } from '../errors.ts';
import type { Target } from './attach.ts';

export interface TopCommand {
  readonly kind: 'top';
  readonly target: Target;
  readonly job: string | undefined;
  readonly json: boolean;
  readonly everyMs: number;
  /** After so many it ends; Infinity for never. */
  readonly count: number;
}

export interface InspectCommand {
  readonly kind: 'inspect';
  readonly target: Target;
  readonly job: string | undefined;
  readonly json: boolean;
}

const EVERY_MS_MIN = 100;
const EVERY_MS_MAX = 3_600_000;
const EVERY_MS_DEFAULT = 1000;

const FLAGS = {
  top: {
    job: { type: 'string' },
    json: { type: 'boolean' },
    'every-ms': { type: 'string' },
    count: { type: 'string' },
  },
  inspect: { job: { type: 'string' }, json: { type: 'boolean' } },
} as const;

/** The names of their options. */
export const ATTACH_FLAGS: Readonly<Record<'top' | 'inspect', readonly string[]>> = {
  top: Object.keys(FLAGS.top),
  inspect: Object.keys(FLAGS.inspect),
};

function targetOf(command: string, positionals: readonly string[]): Target {
  const [given, extra] = positionals;
  const rule = 'the number of a process, or the address of a page';
  if (given === undefined) throw errors.usage(`millrace ${command} needs ${rule}`);
  if (extra !== undefined) throw errors.usage(`millrace ${command} takes one process, and '${extra}' is a second`);
  if (/^\d{1,10}$/.test(given)) return { pid: Number(given) };
  const url = given.startsWith('http://') && URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined) throw errors.usage(`millrace ${command} takes ${rule} (http://…), got '${given}'`);
  return { url };
}

function integerOf(name: string, text: string | undefined, [from, to]: readonly [number, number]): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < from || value > to)
    throw errors.badOption(name, text, `an integer from ${from} to ${to}`, 'millrace top');
  return value;
}

/** @throws MillraceError USAGE, BAD_OPTION */
export function parseAttach(command: 'top' | 'inspect', args: readonly string[]): TopCommand | InspectCommand {
  let parsed: ReturnType<typeof parseArgs<{ options: (typeof FLAGS)['top']; allowPositionals: true }>>;
  try {
    const options = FLAGS[command] as (typeof FLAGS)['top'];
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw errors.usage(`millrace ${command}: ${(error as Error).message.split('.')[0]}`);
  }
  const { values, positionals } = parsed;
  const target = targetOf(command, positionals);
  const { job, json = false } = values;
  if (command === 'inspect') return { kind: 'inspect', target, job, json };
  const everyMs = integerOf('every-ms', values['every-ms'], [EVERY_MS_MIN, EVERY_MS_MAX]) ?? EVERY_MS_DEFAULT;
  const count = integerOf('count', values.count, [1, 1e9]) ?? Number.POSITIVE_INFINITY;
  return { kind: 'top', target, job, json, everyMs, count };
}
