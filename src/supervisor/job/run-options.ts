// Options of run(): defaults and checks in one place.

import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import { errors } from '../../errors.ts';
import { checkSupervision, type SupervisionOptions } from '../../flow/failure-policy.ts';
import { OUTBOX_BYTES_MAX } from '../../mailbox/output.ts';
import { RING_BYTES_MAX, RING_BYTES_MIN } from '../../mailbox/ring.ts';
import { STATE_BYTES_DEFAULT, STATE_BYTES_MAX, STATE_BYTES_MIN } from '../../state/memory/arena.ts';
import { type CheckedScaling, checkScaling } from '../elasticity/scaling/scaling-options.ts';
import { type CheckedBackup, checkBackup } from '../recovery/backups.ts';
import type { RunOptions } from './job-api.ts';
import type { NoticeOption } from './notices/notices.ts';

const WORKERS_MAX = 1024;
const RING_BYTES_DEFAULT = 1 << 21;
const OUTBOX_BYTES_DEFAULT = 1 << 28;
const LINGER_MS_MAX = 60_000;
const SPARES_DEFAULT = 1;
const HANG_TIMEOUT_MS_DEFAULT = 10_000;
/** A shorter limit would blame a garbage collection. */
const HANG_TIMEOUT_MS_MIN = 50;
const STALL_TIMEOUT_MS_DEFAULT = 3000;
/** A shorter limit would take a pause of the app for a standstill. */
const STALL_TIMEOUT_MS_MIN = 50;
const FENCE_TIMEOUT_MS_DEFAULT = 5000;
const SHUTDOWN_TIMEOUT_MS_DEFAULT = 5000;
const START_TIMEOUT_MS_DEFAULT = 60_000;
const TIMEOUT_MS_MAX = 86_400_000;

type Numbers = Required<
  Omit<RunOptions, 'params' | 'signal' | 'supervision' | 'resourceLimits' | 'backup' | 'scaling' | 'notices'>
>;

export interface CheckedOptions extends Numbers {
  readonly supervision: Required<SupervisionOptions>;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly backup: CheckedBackup | undefined;
  readonly scaling: CheckedScaling;
  readonly notices: NoticeOption;
}

const RULES: Readonly<Record<keyof Numbers, { from: number; to: number; integer: boolean; unit: string }>> = {
  workers: { from: 1, to: WORKERS_MAX, integer: true, unit: 'an integer' },
  maxWorkers: { from: 1, to: WORKERS_MAX, integer: true, unit: 'an integer' },
  ringBytes: { from: RING_BYTES_MIN, to: RING_BYTES_MAX, integer: true, unit: 'bytes, an integer' },
  outboxBytes: { from: 1 << 12, to: OUTBOX_BYTES_MAX, integer: true, unit: 'bytes, an integer' },
  stateBytes: { from: STATE_BYTES_MIN, to: STATE_BYTES_MAX, integer: true, unit: 'bytes, an integer' },
  lingerMs: { from: 0, to: LINGER_MS_MAX, integer: false, unit: 'milliseconds' },
  spares: { from: 0, to: WORKERS_MAX, integer: true, unit: 'an integer' },
  hangTimeoutMs: { from: 0, to: TIMEOUT_MS_MAX, integer: false, unit: 'milliseconds, or 0 for never,' },
  stallTimeoutMs: { from: 0, to: TIMEOUT_MS_MAX, integer: false, unit: 'milliseconds, or 0 for never,' },
  fenceTimeoutMs: { from: 1, to: TIMEOUT_MS_MAX, integer: false, unit: 'milliseconds' },
  startTimeoutMs: { from: 1, to: TIMEOUT_MS_MAX, integer: false, unit: 'milliseconds' },
  shutdownTimeoutMs: { from: 0, to: TIMEOUT_MS_MAX, integer: false, unit: 'milliseconds' },
};

const NAMES = [
  ...Object.keys(RULES),
  'params',
  'signal',
  'supervision',
  'resourceLimits',
  'backup',
  'scaling',
  'notices',
];

/**
 * Fills in defaults.
 * @throws MillraceError BAD_OPTION for an unknown option, a bad value, or params that cannot be cloned
 */
export function checkRunOptions(options: RunOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw errors.badOption('options', options, 'an object');
  for (const name of Object.keys(options)) if (!NAMES.includes(name)) throw errors.unknownOption('run()', name, NAMES);
  const checked: Numbers = {
    workers: options.workers ?? availableParallelism(),
    maxWorkers: options.maxWorkers ?? options.workers ?? availableParallelism(),
    ringBytes: options.ringBytes ?? RING_BYTES_DEFAULT,
    outboxBytes: options.outboxBytes ?? OUTBOX_BYTES_DEFAULT,
    stateBytes: options.stateBytes ?? STATE_BYTES_DEFAULT,
    lingerMs: options.lingerMs ?? 0,
    spares: options.spares ?? SPARES_DEFAULT,
    hangTimeoutMs: options.hangTimeoutMs ?? HANG_TIMEOUT_MS_DEFAULT,
    stallTimeoutMs: options.stallTimeoutMs ?? STALL_TIMEOUT_MS_DEFAULT,
    fenceTimeoutMs: options.fenceTimeoutMs ?? FENCE_TIMEOUT_MS_DEFAULT,
    startTimeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS_DEFAULT,
    shutdownTimeoutMs: options.shutdownTimeoutMs ?? SHUTDOWN_TIMEOUT_MS_DEFAULT,
  };
  for (const [name, { from, to, integer, unit }] of Object.entries(RULES)) {
    const value: unknown = checked[name as keyof Numbers];
    const valid = typeof value === 'number' && value >= from && value <= to && (!integer || Number.isInteger(value));
    if (!valid) throw errors.badOption(name, value, `${unit} from ${from} to ${to}`);
  }
  const { hangTimeoutMs, stallTimeoutMs, workers, maxWorkers } = checked;
  if (maxWorkers < workers) throw errors.badOption('maxWorkers', maxWorkers, `at least 'workers', which is ${workers}`);
  if (hangTimeoutMs > 0 && hangTimeoutMs < HANG_TIMEOUT_MS_MIN) {
    throw errors.badOption(
      'hangTimeoutMs',
      hangTimeoutMs,
      `0 for never, or at least ${HANG_TIMEOUT_MS_MIN} milliseconds`,
    );
  }
  if (stallTimeoutMs > 0 && stallTimeoutMs < STALL_TIMEOUT_MS_MIN) {
    throw errors.badOption(
      'stallTimeoutMs',
      stallTimeoutMs,
      `0 for never, or at least ${STALL_TIMEOUT_MS_MIN} milliseconds`,
    );
  }
  const { signal, resourceLimits, notices = true } = options;
  if (typeof notices !== 'boolean' && typeof notices !== 'function') {
    throw errors.badOption('notices', notices, 'true, false, or a function (notice) => void');
  }
  if (resourceLimits !== undefined && (typeof resourceLimits !== 'object' || resourceLimits === null)) {
    throw errors.badOption('resourceLimits', resourceLimits, 'an object, as of new Worker() in node:worker_threads');
  }
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
  const supervision = checkSupervision('the job', options.supervision);
  const scaling = checkScaling(options.scaling);
  return { ...checked, resourceLimits, supervision, backup: checkBackup(options.backup), scaling, notices };
}
