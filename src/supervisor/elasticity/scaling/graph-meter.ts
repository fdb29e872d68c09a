// Takes the readings that policies decide by, from shared memory.
// Promises: no actor is asked for anything, and none is held up; each reading covers the span since the one before.

import { availableParallelism } from 'node:os';
import { Vitals, type VitalsReading } from '../../../actors/vitals/vitals.ts';
import type { Stage } from '../../../flow/plan.ts';
import { stageName } from '../../../flow/plan.ts';
import { Ring } from '../../../mailbox/ring.ts';
import type { ProcessorTime } from '../../../platform/processor-time.ts';
import type { Placement } from '../../deployment.ts';
import type { JobContext } from '../../job-context.ts';
import type { GroupLoads } from '../group-loads.ts';
import { ownersOf } from '../owners.ts';
import {
  type GraphReading,
  type OperatorReading,
  type ReplicaReading,
  type WorkerReading,
  waitingShare,
} from './reading.ts';

type Counts = Pick<VitalsReading, 'tuplesIn' | 'tuplesOut' | 'busyMs' | 'blockedMs'>;

interface Metered {
  readonly placement: Placement;
  readonly inputs: readonly { readonly ring: Ring; readonly slot: number }[];
  read(): Counts;
  before: Counts;
}

interface MeteredWorker {
  time: ProcessorTime;
  /** Processor used and processor waited for, as shares of the time between the last two measurements. */
  computing: number;
  queued: number;
}

/** A worker that is hardly busy waits for input, which is not what is meant. */
const BUSY_MIN = 0.1;
const APP_WORKER = -1;
/** The app holds a flow up that finds so much of its output's ring filled. */
const APP_HOLDS_UP_FILL = 0.5;

export class GraphMeter {
  private readonly job: JobContext;
  private readonly loads: GroupLoads;
  private readonly metered: readonly Metered[];
  private readonly workers = new Map<number, MeteredWorker>();
  private readonly processors = availableParallelism();
  private atMs: number;

  constructor(job: JobContext, loads: GroupLoads) {
    this.job = job;
    this.loads = loads;
    this.atMs = job.clock.now();
    this.metered = job.placements.map((placement) => {
      const { descriptor, stage } = placement;
      const inputs = descriptor.inputs.map(({ memory, slot }) => ({ ring: new Ring(memory.ring), slot }));
      const vitals = new Vitals(descriptor.vitals, job.clock.epochMs);
      const read = (): Counts => (stage.place === 'app' ? this.appCounts(stage) : vitals.read());
      return { placement, inputs, read, before: read() };
    });
  }

  private appCounts(stage: Stage): Counts {
    const { job } = this;
    const count = job.ends.tuplesOf(stage);
    const isInput = stage.upstream.length === 0;
    return {
      tuplesIn: isInput ? 0 : count,
      tuplesOut: isInput ? count : 0,
      busyMs: 0,
      blockedMs: job.ends.blockedMsOf(stage),
    };
  }

  /** Begins a new span: what was before it says nothing about what is now. */
  restart(): void {
    this.take();
  }

  /** The reading since the last one. Undefined while an operator has no replica that runs. */
  take(): GraphReading | undefined {
    const { plan, options, clock } = this.job;
    const { maxWorkers } = options;
    const nowMs = clock.now();
    const spanMs = Math.max(nowMs - this.atMs, 1e-3);
    this.atMs = nowMs;
    const replicas = this.metered.map((each) => this.replicaOf(each, spanMs));
    const operators = plan.stages.map((stage) => this.operatorOf(stage, replicas));
    if (operators.some((operator) => operator.replicas.length === 0)) return undefined;
    const workers = this.workersOf(operators);
    return { atMs: nowMs, spanMs, operators, workers, processors: this.processors, maxWorkers };
  }

  private replicaOf(metered: Metered, spanMs: number): ReplicaReading {
    const { job } = this;
    const { placement, inputs, before } = metered;
    const now = metered.read();
    metered.before = now;
    let queueFill = 0;
    for (const { ring, slot } of inputs) {
      if (!ring.isActive(slot)) continue;
      const bytes = Math.max(0, (ring.published() - ring.released(slot)) | 0) * 8;
      queueFill = Math.max(queueFill, bytes / ring.capacityBytes);
    }
    const isApp = placement.stage.place === 'app';
    const share = (ms: number): number => Math.min(1, Math.max(0, ms / spanMs));
    const isAppHoldingUp = isApp && queueFill >= APP_HOLDS_UP_FILL;
    const busy = isAppHoldingUp ? 1 : share(now.busyMs - before.busyMs);
    return {
      replica: placement.descriptor.replica,
      worker: isApp ? APP_WORKER : job.roster.at(placement.descriptor).host,
      busy,
      blocked: Math.min(1 - busy, share(now.blockedMs - before.blockedMs)),
      tuplesIn: now.tuplesIn - before.tuplesIn,
      tuplesOut: now.tuplesOut - before.tuplesOut,
      queueFill,
    };
  }

  private operatorOf(stage: Stage, readings: readonly ReplicaReading[]): OperatorReading {
    const { loads } = this;
    const { roster } = this.job;
    const [head] = stage.operators;
    const replicas = readings.filter((_, i) => {
      const { placement } = this.metered[i];
      return placement.stage === stage && (stage.place === 'app' || !roster.at(placement.descriptor).isDormant);
    });
    const isEnding = roster.of(stage).some(({ isEnded }) => isEnded);
    // An operator that is ending keeps what it has.
    const { min, max } = isEnding ? { min: replicas.length, max: replicas.length } : head.replicas;
    const last = stage.operators[stage.operators.length - 1];
    return {
      operator: stageName(stage),
      upstream: stage.upstream,
      replicas,
      min,
      max,
      declaredRate: head.source?.kind === 'generate' && !isEnding ? head.source.ratePerSecond : undefined,
      canMove: stage.place === 'worker' && head.kind !== 'source' && last.kind !== 'sink' && !isEnding,
      groupLoads: loads.isKnown(stage) ? loads.of(stage) : undefined,
      owners: stage.replicas > 1 ? ownersOf(roster.of(stage), stage) : [],
    };
  }

  private workersOf(operators: readonly OperatorReading[]): WorkerReading[] {
    const { workers, stepWords } = this.job;
    return workers.active().map(({ host }) => {
      const metered = this.meter(host, stepWords.processorTime(host));
      let busy = 0;
      for (const { replicas } of operators) for (const each of replicas) if (each.worker === host) busy += each.busy;
      const isKnown = metered !== undefined && busy >= BUSY_MIN;
      const waiting = isKnown ? waitingShare(Math.min(1, busy), metered.computing, metered.queued) : undefined;
      return { worker: host, waiting, processors: metered?.computing ?? 0 };
    });
  }

  /** What a worker's thread had of the processors between the last two measurements that it made. */
  private meter(host: number, time: ProcessorTime | undefined): MeteredWorker | undefined {
    if (time === undefined) return undefined;
    const before = this.workers.get(host);
    const spanUs = before === undefined ? 0 : (time.atUs - before.time.atUs) | 0;
    if (before === undefined || spanUs < 0) {
      // The number may be that of a new thread.
      this.workers.set(host, { time, computing: 0, queued: 0 });
      return undefined;
    }
    if (spanUs === 0) return before;
    const share = (us: number): number => Math.min(1, Math.max(0, (us | 0) / spanUs));
    const metered = {
      time,
      computing: share(time.computedUs - before.time.computedUs),
      queued: share(time.queuedUs - before.time.queuedUs),
    };
    this.workers.set(host, metered);
    return metered;
  }
}
