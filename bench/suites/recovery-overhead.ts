// What it costs to be able to recover, while nothing crashes: throughput with transactions and with backups over that of
// the same pipeline without.

import { type Backup, memoryBackup } from '../../src/index.ts';
import type { By, Effort } from '../effort.ts';
import type * as Recovery from '../flows/recovery.ts';
import type { Contender, Experiment } from '../harness.ts';
import { openWithoutTransactions } from '../variants/without-transactions.ts';
import { Drill, type DrillOptions } from './recovery-drill.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };

interface Span {
  readonly warmMs: number;
  readonly spanMs: number;
}

const QUICK_SPAN: Span = { warmMs: 50, spanMs: 150 };
const TRANSACTION_SPAN: By<Span> = {
  quick: QUICK_SPAN,
  usual: { warmMs: 500, spanMs: 1000 },
  full: { warmMs: 500, spanMs: 1500 },
};
const BACKUP_SPAN: By<Span> = {
  quick: QUICK_SPAN,
  usual: { warmMs: 1000, spanMs: 2000 },
  full: { warmMs: 1500, spanMs: 4000 },
};

const KEYS: readonly { readonly keys: number; readonly suffix: string }[] = [
  { keys: 1000, suffix: '1k' },
  { keys: 100_000, suffix: '100k' },
];
const BACKUP_KEYS = 100_000;
const BACKUP_EVERY_MS: By<number> = { quick: 50, usual: 1000, full: 1000 };
/** Holds back the input of more than a second: half of it at most waits for a backup that is not due yet. */
const LARGE_RING_BYTES: By<number> = { quick: 2 ** 26, usual: 2 ** 30, full: 2 ** 30 };

const contender = (name: string, result: string, { warmMs, spanMs }: Span, start: () => Promise<Drill>): Contender => ({
  name,
  async run() {
    const drill = await start();
    const rate = await drill.rate(warmMs, spanMs);
    await drill.end();
    return { [result]: rate };
  },
  async close() {},
});

export function transactionsOverhead(effort: Effort): Experiment[] {
  return KEYS.map(({ keys, suffix }) => {
    const result = `transactions-overhead-${suffix}`;
    const span = TRANSACTION_SPAN[effort];
    // Spares would load while the clock runs.
    const start = (flow?: typeof Recovery.recoveryFlow): Promise<Drill> =>
      Drill.start({ keys, ratePerSecond: undefined }, { spares: 0, flow });
    return {
      results: [result],
      unit: 'tuples/s',
      better: 'higher',
      rounds: ROUNDS[effort],
      warmUp: false,
      ours: async () => contender('millrace', result, span, () => start()),
      baselines: [
        async () => {
          const variant = openWithoutTransactions();
          const { recoveryFlow } = await variant.load<typeof Recovery>('bench/flows/recovery.js');
          return {
            ...contender('without-transactions', result, span, () => start(recoveryFlow)),
            close: async () => variant.remove(),
          };
        },
      ],
    };
  });
}

/** Backups each second, into a store that counts them. */
function backedUp(result: string, span: Span, everyMs: number, options: DrillOptions): Contender {
  let backups = 0;
  const start = (): Promise<Drill> => {
    const store = memoryBackup();
    backups = 0;
    const write = (actor: string, backup: Backup): void => {
      backups++;
      store.write(actor, backup);
    };
    const read = (actor: string): ReturnType<typeof store.read> => store.read(actor);
    const remove = (actor: string): void => store.remove(actor);
    const backup = { everyMs, store: { write, read, remove } };
    return Drill.start({ keys: BACKUP_KEYS, ratePerSecond: undefined }, { ...options, backup });
  };
  const { name, run, close } = contender('millrace', result, span, start);
  return {
    name,
    close,
    async run() {
      const figures = await run();
      if (backups === 0) throw new Error(`${result}: no backup was taken`);
      return { ...figures, backups };
    },
  };
}

export function backupOverhead(effort: Effort): Experiment[] {
  const rings: [string, DrillOptions][] = [
    ['backup-overhead', { ringBytes: LARGE_RING_BYTES[effort], spares: 0 }],
    ['backup-overhead-default-ring', { spares: 0 }],
  ];
  const span = BACKUP_SPAN[effort];
  return rings.map(([result, options]) => ({
    results: [result],
    unit: 'tuples/s',
    better: 'higher',
    rounds: ROUNDS[effort],
    warmUp: false,
    ours: async () => backedUp(result, span, BACKUP_EVERY_MS[effort], options),
    baselines: [
      async () =>
        contender('without-backup', result, span, () =>
          Drill.start({ keys: BACKUP_KEYS, ratePerSecond: undefined }, options),
        ),
    ],
  }));
}
