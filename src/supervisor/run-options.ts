// Options of run(): defaults and checks in one place.

import { availableParallelism } from 'node:os';
import { errors } from '../errors.ts';
import { OUTBOX_BYTES_MAX } from '../mailbox/output.ts';
import { RING_BYTES_MAX, RING_BYTES_MIN } from '../mailbox/ring.ts';
import { STATE_BYTES_DEFAULT, STATE_BYTES_MAX, STATE_BYTES_MIN } from '../state/arena.ts';
import type { RunOptions } from './job-api.ts';

export const WORKERS_MAX = 1024;
export const RING_BYTES_DEFAULT = 1 << 21;
export const OUTBOX_BYTES_DEFAULT = 1 << 28;
export const LINGER_MS_MAX = 60_000;

type Checked = Required<Omit<RunOptions, 'params' | 'signal'>>;

const RULES: Readonly<Record<keyof Checked, { from: number; to: number; integer: boolean; unit: string }>> = {
  workers: { from: 1, to: WORKERS_MAX, integer: true, unit: 'an integer' },
  ringBytes: { from: RING_BYTES_MIN, to: RING_BYTES_MAX, integer: true, unit: 'bytes, an integer' },
  outboxBytes: { from: 1 << 12, to: OUTBOX_BYTES_MAX, integer: true, unit: 'bytes, an integer' },
  stateBytes: { from: STATE_BYTES_MIN, to: STATE_BYTES_MAX, integer: true, unit: 'bytes, an integer' },
  lingerMs: { from: 0, to: LINGER_MS_MAX, integer: false, unit: 'milliseconds' },
};

const NAMES = [...Object.keys(RULES), 'params', 'signal'];

/**
 * Fills in defaults.
 * @throws MillraceError BAD_OPTION for an unknown option, a bad value, or params that cannot be cloned
 */
export function checkRunOptions(options: RunOptions): Checked {
  if (typeof options !== 'object' || options === null) throw errors.badOption('options', options, 'an object');
  for (const name of Object.keys(options)) if (!NAMES.includes(name)) throw errors.unknownOption('run()', name, NAMES);
  const checked: Checked = {
    workers: options.workers ?? availableParallelism(),
    ringBytes: options.ringBytes ?? RING_BYTES_DEFAULT,
    outboxBytes: options.outboxBytes ?? OUTBOX_BYTES_DEFAULT,
    stateBytes: options.stateBytes ?? STATE_BYTES_DEFAULT,
    lingerMs: options.lingerMs ?? 0,
  };
  for (const [name, { from, to, integer, unit }] of Object.entries(RULES)) {
    const value: unknown = checked[name as keyof Checked];
    const valid = typeof value === 'number' && value >= from && value <= to && (!integer || Number.isInteger(value));
    if (!valid) throw errors.badOption(name, value, `${unit} from ${from} to ${to}`);
  }
  const { signal } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw errors.badOption('signal', signal, 'an AbortSignal');
  }
  try {
    structuredClone(options.params);
  } catch {
    throw errors.badOption(
      'params',
      options.params,
      'cloneable, since every worker gets a copy: no functions or symbols',
    );
  }
  return checked;
}
