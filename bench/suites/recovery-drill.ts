// One run of the recovery flow: starts it, crashes it as often as is wanted, times each recovery, and checks the results.
// Promises: every time is counted from the crash itself, not from when it was noticed; a run whose state at the end is not
// that of each tuple exactly once is an error.
// Relies on: the job announces a crash after the dead thread is gone, and before anyone takes over.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, JobEvent, RunOptions } from '../../src/index.ts';
import { CrashWords, epochMs } from '../flows/crash-words.ts';
import { type RecoveryParams, recoveryFlow } from '../flows/recovery.ts';
import { keyedTuple, Totals } from '../workloads.ts';

/** How a worker dies: by an exception outside of any tuple, by `worker.terminate()`, by `process.exit()` in a closure. */
export type CrashKind = 'throw' | 'terminate' | 'exit';

export const CRASH_KINDS: readonly CrashKind[] = ['throw', 'terminate', 'exit'];

/** Times since a crash, in milliseconds. */
export interface CrashTimes {
  readonly kind: CrashKind;
  /** The job has noticed it. */
  readonly noticedMs: number;
  /** The thread is certain to be gone. */
  readonly fencedMs: number;
  /** The spare has answered that it has the actor. */
  readonly adoptedMs: number;
  /** The restored actor has made its first commit. */
  readonly committedMs: number;
  /** The result of a tuple beyond the last one before the crash has come to the app. */
  readonly caughtUpMs: number;
}

export interface DrillOptions extends Pick<RunOptions, 'ringBytes' | 'backup' | 'spares'> {
  /** That of a variant of the library instead of the library's own. */
  readonly flow?: typeof recoveryFlow;
}

interface Report {
  readonly index: number;
  readonly keys: number;
  readonly count: number;
  readonly sum: number;
}

const WORKERS = 2;
const POLL_MS = 2;
/** What takes so long does not come. */
const LIMIT_MS = 60_000;
/** A crash comes this long after the pool is full again, when the stream is as if nothing had been. */
const SETTLE_MS = 50;

interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
}

function deferred<Value>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

export class Drill {
  readonly words: CrashWords;
  private readonly params: RecoveryParams;
  private readonly job: Job<{ reports: Report }>;
  private readonly reading: Promise<void>;
  /** Never resolves. */
  private readonly failed: Promise<never>;
  private readonly totals: Report[] = [];
  private readonly listeners = new Set<(event: JobEvent) => void>();
  /** The last tuple before the last crash, and when the app heard of one beyond it. */
  private mark = 0;
  private beyond = deferred<number>();

  private constructor(params: RecoveryParams, words: CrashWords, job: Drill['job']) {
    this.params = params;
    this.words = words;
    this.job = job;
    this.failed = job.done.then(() => new Promise<never>(() => {}));
    this.failed.catch(() => {});
    job.on(
      '*',
      (event) => {
        for (const listener of this.listeners) listener(event);
      },
      { past: true },
    );
    this.reading = this.read();
    this.reading.catch(() => {});
  }

  static async start(
    { keys, ratePerSecond }: Omit<RecoveryParams, 'words'>,
    { flow = recoveryFlow, ...options }: DrillOptions = {},
    words = new CrashWords(),
  ): Promise<Drill> {
    const params = { keys, ratePerSecond, words: words.buffer };
    return new Drill(params, words, await flow.run({ ...options, params, workers: WORKERS }));
  }

  private async read(): Promise<void> {
    for await (const reports of this.job.output('reports').batches()) {
      for (const report of reports) {
        if (report.keys > 0) this.totals.push(report);
        else if (report.index > this.mark) {
          this.words.endReports();
          this.beyond.resolve(epochMs());
        }
      }
    }
  }

  /** Waits for what the job may never come to. */
  private async within<Value>(what: string, coming: Promise<Value>): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      const error = new Error(`recovery: ${what} did not come within ${LIMIT_MS / 1000} s`);
      timer = setTimeout(() => reject(error), LIMIT_MS);
    });
    try {
      return await Promise.race([coming, limit, this.failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when `isSo()`, which is asked now and then. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    let isOver = false;
    const polling = (async () => {
      while (!isOver && !isSo()) await sleep(POLL_MS);
    })();
    await this.within(what, polling).finally(() => {
      isOver = true;
    });
  }

  /** Resolves when tuple `index` has been processed. */
  reach(index: number): Promise<void> {
    return this.until(`tuple ${index}`, () => this.words.seen >= index);
  }

  /** Tuples per second over a span that begins `warmMs` after each key has been seen. */
  async rate(warmMs: number, spanMs: number): Promise<number> {
    await this.reach(this.params.keys);
    await sleep(warmMs);
    const { seen } = this.words;
    const startedMs = performance.now();
    await sleep(spanMs);
    return ((this.words.seen - seen) * 1000) / (performance.now() - startedMs);
  }

  /** Crashes the worker that counts, once a spare is ready, and times the recovery. */
  async crash(kind: CrashKind): Promise<CrashTimes> {
    const { words } = this;
    const at = new Map<JobEvent['type'], number>();
    const heard = deferred<void>();
    const listen = (event: JobEvent): void => {
      if (event.type === 'crash') {
        // Nobody processes tuples now: this was the last one.
        this.mark = words.seen;
        this.beyond = deferred();
        words.reportFrom(this.mark);
      }
      at.set(event.type, event.type === 'recovered' ? event.committedAtMs : epochMs());
      if (event.type === 'recovered') at.set('failed', event.committedAtMs - event.tookMs);
      if (at.has('adoption') && at.has('recovered')) heard.resolve();
    };
    await this.provoke(kind, listen);
    await this.within(`the recovery from '${kind}'`, heard.promise);
    const caughtUpAtMs = await this.within(`a result after '${kind}'`, this.beyond.promise);
    this.listeners.delete(listen);
    const since = (type: JobEvent['type']): number => (at.get(type) as number) - words.crashedAtMs;
    return {
      kind,
      noticedMs: since('failed'),
      fencedMs: since('crash'),
      adoptedMs: since('adoption'),
      committedMs: since('recovered'),
      caughtUpMs: caughtUpAtMs - words.crashedAtMs,
    };
  }

  /**
   * The same, but nobody takes over: the job is cancelled, and `instead` is called with the last tuple before the crash.
   * Resolves when the job is gone.
   */
  async crashForGood(kind: CrashKind, instead: (mark: number) => void): Promise<void> {
    const noticed = deferred<void>();
    await this.provoke(kind, (event) => {
      if (event.type !== 'crash') return;
      void this.job.cancel();
      instead(this.words.seen);
      noticed.resolve();
    });
    await this.within(`the crash '${kind}'`, noticed.promise);
    await this.job.cancel();
  }

  /** When the app got the first result that {@link CrashWords.reportFrom} asked for, in milliseconds since the epoch. */
  reportedAtMs(): Promise<number> {
    return this.within('a report', this.beyond.promise);
  }

  private async provoke(kind: CrashKind, listen: (event: JobEvent) => void): Promise<void> {
    const { job, words } = this;
    await this.until('a spare', () => job.workers().some(({ state }) => state === 'spare'));
    await sleep(SETTLE_MS);
    this.listeners.add(listen);
    if (kind !== 'terminate') {
      words.order(kind);
      return;
    }
    const counting = job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'count'));
    if (counting === undefined) throw new Error('recovery: no worker counts');
    words.noteCrash();
    await job.killWorker(counting.worker);
  }

  /** Ends the stream, and checks what has become of it. */
  async end(): Promise<void> {
    const { job, params } = this;
    await job.stop();
    await this.reading;
    const made = job.reading().operators.find(({ name }) => name === 'source')?.tuplesOut ?? Number.NaN;
    const [totals, ...others] = this.totals;
    const isRight = totals?.keys === params.keys && totals.count === made && totals.sum === sumOf(params.keys, made);
    if (!isRight || others.length > 0 || job.deadLetters.count > 0) {
      throw new Error(
        `recovery: expected ${params.keys} keys with ${made} tuples and sum ${sumOf(params.keys, made)}, ` +
          `got ${JSON.stringify(this.totals)} and ${job.deadLetters.count} dead letters`,
      );
    }
  }
}

/** What the rows must add up to after `count` tuples: each of them as if it were a row of its own. */
function sumOf(keys: number, count: number): number {
  const make = keyedTuple(keys, 'ids');
  const totals = new Totals();
  for (let index = 0; index < count; index++) {
    const { key, value } = make(index);
    totals.add(key, 1, value);
  }
  return totals.report().sum;
}
