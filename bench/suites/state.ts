// Suite `state`: what state costs as it grows. `growth-pause-*`: how long tuples take while each of them brings a new key.
// `bytes-per-key-*`: by how much the resident set of a process grows, for a row and for an object in a Map.
// Lower is better; ratios are theirs over ours.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { By, Effort } from '../effort.ts';
import { type GrowthParams, growthFlow, KEYS_FIRST } from '../flows/growth.ts';
import type { Contender, Experiment } from '../harness.ts';
import { onlyTuple } from './only-tuple.ts';

const ROUNDS: By<number> = { quick: 1, usual: 2, full: 3 };
const GROWTH_KEYS: By<number> = { quick: 100_000, usual: 1_000_000, full: 10_000_000 };
const WARM: By<number> = { quick: 100_000, usual: 500_000, full: 500_000 };
const RATE_PER_SECOND = 250_000;
const HELD: Readonly<Record<'number' | 'string', By<number>>> = {
  number: { quick: 100_000, usual: 1_000_000, full: 10_000_000 },
  string: { quick: 30_000, usual: 300_000, full: 3_000_000 },
};
const TARGETS = { number: '≤ 0.5 × Map', string: '≤ 0.8 × Map' } as const;

const program = fileURLToPath(new URL('../baselines/state-bytes.js', import.meta.url));
const run = promisify(execFile);

function growing(params: GrowthParams): Contender {
  return {
    name: 'millrace',
    async run() {
      const job = await growthFlow.run({ params, workers: 2 });
      const { p99Us, maxUs, keys } = await onlyTuple(job.output('report'));
      await job.done;
      const expected = KEYS_FIRST + params.count - params.warm;
      if (keys !== expected) throw new Error(`state: expected ${expected} keys, got ${keys}`);
      return { 'growth-pause-p99': p99Us / 1000, 'growth-pause-max': maxUs / 1000 };
    },
    async close() {},
  };
}

function holding(name: 'millrace' | 'Map', kind: keyof typeof HELD, keys: number): Contender {
  return {
    name,
    async run() {
      const { stdout } = await run(process.execPath, ['--expose-gc', program, name, kind, String(keys)]);
      const bytes = Number(stdout);
      if (!(bytes > 0)) throw new Error(`state: the process with ${keys} keys has told: ${stdout}`);
      return { [`bytes-per-key-${kind}`]: bytes / keys };
    },
    async close() {},
  };
}

export function state(effort: Effort): Experiment[] {
  const rounds = ROUNDS[effort];
  const bytesPerKey = (kind: keyof typeof HELD): Experiment => ({
    results: [`bytes-per-key-${kind}`],
    unit: 'bytes',
    targets: { [`bytes-per-key-${kind}`]: TARGETS[kind] },
    better: 'lower',
    rounds,
    warmUp: false,
    ours: async () => holding('millrace', kind, HELD[kind][effort]),
    baselines: [async () => holding('Map', kind, HELD[kind][effort])],
  });
  return [
    {
      results: ['growth-pause-p99', 'growth-pause-max'],
      unit: 'ms',
      targets: { 'growth-pause-p99': '≤ 2', 'growth-pause-max': '≤ 10' },
      better: 'lower',
      rounds,
      ours: async () =>
        growing({ count: WARM[effort] + GROWTH_KEYS[effort], warm: WARM[effort], ratePerSecond: RATE_PER_SECOND }),
      warmUp: false,
      baselines: [],
    },
    bytesPerKey('number'),
    bytesPerKey('string'),
  ];
}
