// Makes the reports that policies decide by, of the job's readings.
// Promises: each report covers the span since the one before, or since it began anew.

import { availableParallelism } from 'node:os';
import type { Stage } from '../../../flow/plan.ts';
import { stageName } from '../../../flow/plan.ts';
import type { JobContext } from '../../job-context.ts';
import { between, type JobRates, type OperatorRates } from '../../readings/between.ts';
import type { JobReading, OperatorReading } from '../../readings/job-reading.ts';
import type { GroupLoads } from '../group-loads.ts';
import { ownersOf } from '../owners.ts';
import type { GraphReport, OperatorReport, ReplicaReport } from './report.ts';
import { WorkerMeter } from './worker-meter.ts';
import { shareOf, writtenBetween, writtenShares } from './written-tuples.ts';

/** The app holds a flow up that finds so much of its output's ring filled. */
const APP_HOLDS_UP_FILL = 0.5;

export class Reporter {
  readonly #job: JobContext;
  readonly #loads: GroupLoads;
  readonly #workers: WorkerMeter;
  readonly #processors = availableParallelism();
  #before: JobReading | 'start' = 'start';

  constructor(job: JobContext, loads: GroupLoads) {
    this.#job = job;
    this.#loads = loads;
    this.#workers = new WorkerMeter(job);
  }

  /** Begins a new span: what was before it says nothing about what is now. */
  restart(reading: JobReading): void {
    this.take(reading);
  }

  /** The report since the last one. Undefined while an operator has no replica that runs. */
  take(reading: JobReading): GraphReport | undefined {
    const { plan, options, clock } = this.#job;
    const rates = between(this.#before, reading);
    const written = plan.stages.map((stage) => writtenBetween(stage, this.#before, reading));
    this.#before = reading;
    const operators = plan.stages.map((stage) => this.#operatorOf(stage, reading, rates, written));
    if (operators.some(({ replicas }) => replicas.length === 0)) return undefined;
    return {
      atMs: clock.now(),
      spanMs: Math.max(rates.spanMs, 1e-3),
      operators,
      workers: this.#workers.read(operators),
      processors: this.#processors,
      maxWorkers: options.maxWorkers,
    };
  }

  /** @param written by stage, tuples of each of its outputs */
  #operatorOf(
    stage: Stage,
    reading: JobReading,
    rates: JobRates,
    written: readonly (readonly number[])[],
  ): OperatorReport {
    const { roster } = this.#job;
    const head = stage.operators[0];
    const last = stage.operators[stage.operators.length - 1];
    const chain = stage.operators.map(({ name }) => named(rates.operators, name));
    const putOut = chain.map(({ tuplesOut }) => tuplesOut);
    const shares = writtenShares(stage, written[stage.index], putOut);
    const replicas = replicasOf(stage, named(reading.operators, head.name), chain, shares);
    const isEnding = roster.of(stage).some(({ isEnded }) => isEnded);
    // An operator that is ending keeps what it has.
    const { min, max } = isEnding ? { min: replicas.length, max: replicas.length } : head.replicas;
    return {
      operator: stageName(stage),
      upstream: stage.upstream.map(({ stage: index }) => index),
      upstreamShares: stage.upstream.map(({ stage: index, output }) => shareOf(written[index], output)),
      replicas,
      min,
      max,
      declaredRate: head.source?.kind === 'generate' && !isEnding ? head.source.ratePerSecond : undefined,
      canMove: stage.place === 'worker' && head.kind.role !== 'source' && last.kind.writesOutside !== true && !isEnding,
      groupLoads: this.#loads.isKnown(stage) ? this.#loads.of(stage) : undefined,
      owners: stage.replicas > 1 ? ownersOf(roster.of(stage), stage) : [],
    };
  }
}

const named = <Item extends { readonly name: string }>(items: readonly Item[], name: string): Item =>
  items.find((item) => item.name === name) as Item;

/**
 * A chain of fused operators takes what its first one takes, and gives what any of them gives to other actors.
 * @param shares of what each operator puts out, what goes to other actors
 */
function replicasOf(
  stage: Stage,
  now: OperatorReading,
  chain: readonly OperatorRates[],
  shares: readonly number[],
): ReplicaReport[] {
  return chain[0].replicas.map(({ replica, worker, busy, blocked, tuplesIn }, i): ReplicaReport => {
    const { queueFill } = now.replicas[replica];
    const isHoldingUp = stage.place === 'app' && queueFill >= APP_HOLDS_UP_FILL;
    const share = isHoldingUp ? 1 : busy;
    return {
      replica,
      worker,
      busy: share,
      blocked: Math.min(1 - share, blocked),
      tuplesIn,
      tuplesOut: chain.reduce((total, { replicas }, k) => total + replicas[i].tuplesOut * shares[k], 0),
      queueFill,
    };
  });
}
