// Metrics of a job: rates and shares, computed from the actors' vitals over the span since they were last asked for.
// Promises: reading them stops nobody and costs the actors nothing.

import { Vitals, type VitalsReading } from '../../actors/vitals/vitals.ts';
import type { Stage } from '../../flow/plan.ts';
import { Ring } from '../../mailbox/ring.ts';
import type { Placement } from '../deployment.ts';
import type { GroupLoads } from '../elasticity/group-loads.ts';
import type { JobContext } from '../job-context.ts';
import type { JobMetrics, OperatorMetrics, ReplicaMetrics } from './job-api.ts';
import type { Stall } from './stalls/stall-detector.ts';

/** A shorter span than this says little: rates then stay those of the span before. */
const SPAN_MS_MIN = 50;
/** A share of busy time below this says nothing about what a tuple takes. */
const BUSY_MS_MIN = 0.1;
const HOT_GROUPS = 4;

interface Tracked {
  readonly placement: Placement;
  readonly vitals: Vitals;
  readonly inputs: readonly { ring: Ring; slot: number }[];
  /** Where the last span begins and ends. */
  before: VitalsReading;
  now: VitalsReading;
  /** Counts are always of this moment, whatever the span. */
  latest: VitalsReading;
}

export class MetricsReader {
  private readonly job: JobContext;
  private readonly tracked: readonly Tracked[];
  private readonly loads: GroupLoads;
  private readonly lettersOf: (operator: string) => number;
  private readonly stall: () => Stall | undefined;
  private readonly startedAtMs: number;
  private frozenAtMs: number | undefined;
  private fromMs: number;
  private toMs: number;

  /** @param lettersOf counts the dead letters of an operator */
  constructor(
    job: JobContext,
    loads: GroupLoads,
    lettersOf: (operator: string) => number,
    stall: () => Stall | undefined,
  ) {
    const { clock, placements } = job;
    this.job = job;
    this.stall = stall;
    this.startedAtMs = clock.now();
    this.fromMs = this.startedAtMs;
    this.toMs = this.startedAtMs;
    this.loads = loads;
    this.lettersOf = lettersOf;
    this.tracked = placements.map((placement) => {
      const vitals = new Vitals(placement.descriptor.vitals, clock.epochMs);
      const reading = vitals.read();
      const inputs = placement.descriptor.inputs.map(({ memory, slot }) => ({ ring: new Ring(memory.ring), slot }));
      return { placement, vitals, inputs, before: reading, now: reading, latest: reading };
    });
  }

  /** Takes the last reading: the job has ended. */
  freeze(): void {
    this.read();
    this.frozenAtMs = this.job.clock.now();
  }

  read(): JobMetrics {
    const nowMs = this.frozenAtMs ?? this.job.clock.now();
    // Also after the end: the app may still be reading its outputs.
    for (const tracked of this.tracked) tracked.latest = this.readingOf(tracked);
    if (nowMs - this.toMs >= SPAN_MS_MIN) {
      this.loads.read();
      this.fromMs = this.toMs;
      this.toMs = nowMs;
      for (const tracked of this.tracked) {
        tracked.before = tracked.now;
        tracked.now = tracked.latest;
      }
    }
    return {
      elapsedMs: nowMs - this.startedAtMs,
      stalled: this.stall(),
      operators: this.job.plan.stages.flatMap((stage) => this.operatorsOf(stage)),
    };
  }

  private readingOf({ placement, vitals }: Tracked): VitalsReading {
    const reading = vitals.read();
    if (placement.stage.place !== 'app') return reading;
    const count = this.job.ends.tuplesOf(placement.stage);
    const isInput = placement.stage.operators[0].kind === 'source';
    return { ...reading, tuplesIn: isInput ? 0 : count, tuplesOut: isInput ? count : 0 };
  }

  private operatorsOf(stage: Stage): OperatorMetrics[] {
    const tracked = this.tracked.filter(({ placement }) => placement.stage === stage);
    return stage.operators.map((node, k) => {
      const all = tracked.map((each) => this.replicaOf(each, k, stage.operators.length));
      const replicas = all.filter(
        (_, replica) => stage.place === 'app' || !this.job.roster.of(stage)[replica].isDormant,
      );
      return {
        name: node.name,
        kind: node.kind,
        fusedInto: k === 0 ? undefined : stage.operators[0].name,
        deadLetters: this.lettersOf(node.name),
        tuplesIn: sum(all, 'tuplesIn'),
        tuplesOut: sum(all, 'tuplesOut'),
        rateIn: sum(all, 'rateIn'),
        rateOut: sum(all, 'rateOut'),
        busy: most(replicas, 'busy'),
        blocked: most(replicas, 'blocked'),
        idle: Math.min(...replicas.map(({ idle }) => idle)),
        queueBytes: most(replicas, 'queueBytes'),
        queueFill: most(replicas, 'queueFill'),
        processingRate: sum(replicas, 'processingRate'),
        hotGroups: k === 0 ? this.loads.hottest(stage, HOT_GROUPS) : [],
        replicas,
      };
    });
  }

  private replicaOf({ placement, inputs, before, now, latest }: Tracked, k: number, operators: number): ReplicaMetrics {
    const spanMs = Math.max(this.toMs - this.fromMs, 1e-9);
    const share = (ms: number): number => Math.min(1, Math.max(0, ms / spanMs));
    const taken = (reading: VitalsReading): number =>
      k === 0 ? reading.tuplesIn : reading.passed[k - 1] - reading.leftOut[k - 1];
    const given = (reading: VitalsReading): number => (k === operators - 1 ? reading.tuplesOut : reading.passed[k]);
    const busyMs = now.busyMs - before.busyMs;
    const busy = share(busyMs);
    // What a source processes is what it gives.
    const processed = placement.descriptor.inputs.length === 0 && k === 0 ? given : taken;
    const blocked = Math.min(1 - busy, share(now.blockedMs - before.blockedMs));
    let queueBytes = 0;
    let queueFill = 0;
    if (k === 0) {
      for (const { ring, slot } of inputs) {
        if (!ring.isActive(slot)) continue;
        const bytes = Math.max(0, (ring.published() - ring.released(slot)) | 0) * 8;
        queueBytes = Math.max(queueBytes, bytes);
        queueFill = Math.max(queueFill, bytes / ring.capacityBytes);
      }
    }
    return {
      replica: placement.descriptor.replica,
      worker: placement.stage.place === 'app' ? -1 : this.job.roster.at(placement.descriptor).host,
      tuplesIn: taken(latest),
      tuplesOut: given(latest),
      rateIn: ((taken(now) - taken(before)) * 1000) / spanMs,
      rateOut: ((given(now) - given(before)) * 1000) / spanMs,
      busy,
      blocked,
      idle: 1 - busy - blocked,
      queueBytes,
      queueFill,
      processingRate: busyMs < BUSY_MS_MIN ? 0 : ((processed(now) - processed(before)) * 1000) / busyMs,
    };
  }
}

type Numeric = Exclude<keyof ReplicaMetrics, 'replica' | 'worker'>;

const sum = (replicas: readonly ReplicaMetrics[], name: Numeric): number =>
  replicas.reduce((total, replica) => total + replica[name], 0);

const most = (replicas: readonly ReplicaMetrics[], name: Numeric): number =>
  Math.max(...replicas.map((replica) => replica[name]));
