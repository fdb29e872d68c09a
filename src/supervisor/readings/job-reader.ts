// Takes readings of a job, from shared memory and the app's own ends: the only one who does.
// Promises: reading stops nobody and costs the actors nothing. After the job's end times stand still; counts of the app's own ends
// may still grow, as it reads what is left.

import { progressOf } from '../../actors/inputs/source-memory.ts';
import { Vitals, type VitalsReading } from '../../actors/vitals/vitals.ts';
import { destinationOf, type Stage } from '../../flow/plan.ts';
import { tuplesInto, tuplesOutOf } from '../../flow/stage-counts.ts';
import type { Placement } from '../deployment.ts';
import type { Stall } from '../job/stalls/stall-detector.ts';
import type { JobContext } from '../job-context.ts';
import { GroupCounter, isShared } from './group-counter.ts';
import { type Hint, hintsOf } from './hints.ts';
import type { JobReading, OperatorReading, OutputReading, ReplicaReading } from './job-reading.ts';
import { addedUp } from './latency.ts';
import { loadHintsOf } from './load-hints.ts';
import { EMPTY, Mailboxes } from './mailboxes.ts';
import { timeHintsOf } from './time-hints.ts';
import { TimeReader } from './time-reader.ts';
import type { TimeReading } from './time-reading.ts';

/** The worker of what runs in the app's own thread. */
const APP = -1;

/** An actor on a worker, or one of the app's own ends. */
interface Tracked {
  readonly placement: Placement;
  readonly vitals: Vitals;
  readonly mailboxes: Mailboxes;
}

/** What is asked of those who know more than shared memory does. */
export interface JobReaderSources {
  lettersOf(operator: string): number;
  stall(): Stall | undefined;
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** What has gone to each output of an operator that has them by name. */
function outputsReading(
  stage: Stage,
  k: number,
  tracked: readonly { readonly now: VitalsReading }[],
): Pick<OperatorReading, 'outputs'> {
  const { outputs, emitsByName } = stage.operators[k];
  if (outputs.length < 2 && emitsByName !== true) return {};
  const counts = tracked.map(({ now }) => tuplesOutOf(stage, k, now));
  const readings = outputs.map(({ name }, output): [string, OutputReading] => [
    name,
    {
      tuples: sum(counts.map((ofReplica) => ofReplica[output])),
      consumed: destinationOf(stage, { operator: k, output }).to !== 'nowhere',
    },
  ]);
  return { outputs: Object.fromEntries(readings) };
}

export class JobReader {
  readonly #job: JobContext;
  readonly #sources: JobReaderSources;
  readonly #startedAtMs: number;
  readonly #hints: readonly Hint[];
  readonly #tracked: ReadonlyMap<Stage, readonly Tracked[]>;
  readonly #counters: ReadonlyMap<Stage, GroupCounter>;
  readonly #times: TimeReader;
  /** When the job has ended, on both clocks. */
  #end: { readonly nowMs: number; readonly epochMs: number } | undefined;

  constructor(job: JobContext, sources: JobReaderSources) {
    const { clock, options, plan, placements, roster } = job;
    this.#job = job;
    this.#sources = sources;
    this.#startedAtMs = clock.now();
    this.#hints = hintsOf(plan, options.maxWorkers);
    this.#times = new TimeReader(job);
    const epochMs = (): number => this.#end?.epochMs ?? clock.epochMs();
    const track = (placement: Placement): Tracked => {
      const { descriptor } = placement;
      return { placement, vitals: new Vitals(descriptor.vitals, epochMs), mailboxes: new Mailboxes(descriptor) };
    };
    this.#tracked = new Map(
      plan.stages.map((stage) => [stage, placements.filter((each) => each.stage === stage).map(track)]),
    );
    const shared = roster.stages.filter(isShared);
    this.#counters = new Map(shared.map((stage) => [stage, new GroupCounter(stage, roster.of(stage))]));
  }

  /** The job has ended. */
  freeze(): void {
    const { clock } = this.#job;
    this.#end = { nowMs: clock.now(), epochMs: clock.epochMs() };
  }

  read(): JobReading {
    const { clock, plan } = this.#job;
    const nowMs = this.#end?.nowMs ?? clock.now();
    const times = this.#times.read();
    const reading = {
      atMs: clock.epochMs(),
      elapsedMs: nowMs - this.#startedAtMs,
      stalled: this.#sources.stall(),
      hints: this.#hints,
      operators: plan.stages.flatMap((stage) => this.#operatorsOf(stage, times)),
    };
    const byLoad = loadHintsOf(plan, reading, this.#job.options.maxWorkers);
    const isNew = ({ operator }: Hint): boolean => this.#hints.every((hint) => hint.operator !== operator);
    return { ...reading, hints: [...this.#hints, ...byLoad.filter(isNew), ...timeHintsOf(plan, reading)] };
  }

  #operatorsOf(stage: Stage, times: ReadonlyMap<number, TimeReading>): OperatorReading[] {
    const tracked = (this.#tracked.get(stage) ?? []).map((each) => ({ ...each, now: this.#vitalsOf(each) }));
    const groups = this.#counters.get(stage)?.read();
    const latency = addedUp(tracked.map(({ vitals }) => vitals.latency.read()));
    const memory = tracked[0]?.placement.descriptor.sourceMemory;
    const progress = memory && progressOf(memory);
    return stage.operators.map((node, k): OperatorReading => {
      const { name, kind } = node;
      const replicas = tracked.map(({ now, ...each }) => this.#replicaOf(each, now, k));
      const time = times.get(node.id);
      return {
        name,
        kind: kind.name,
        role: kind.role,
        fusedInto: k === 0 ? undefined : stage.operators[0].name,
        deadLetters: this.#sources.lettersOf(name),
        expired: k === 0 ? sum(tracked.map(({ now }) => now.expired)) : 0,
        ...(time !== undefined && { time }),
        ...(k === 0 && progress !== undefined && { progress }),
        latency,
        tuplesIn: sum(replicas.map(({ tuplesIn }) => tuplesIn)),
        tuplesOut: sum(replicas.map(({ tuplesOut }) => tuplesOut)),
        ...outputsReading(stage, k, tracked),
        groups: k === 0 ? groups : undefined,
        replicas,
      };
    });
  }

  #vitalsOf({ placement: { stage }, vitals }: Tracked): VitalsReading {
    const reading = vitals.read();
    if (stage.place === 'worker') return reading;
    const { ends } = this.#job;
    const count = ends.tuplesOf(stage);
    const isInput = stage.upstream.length === 0;
    const blockedMs = ends.blockedMsOf(stage);
    return { ...reading, blockedMs, tuplesIn: isInput ? 0 : count, tuplesOut: isInput ? count : 0 };
  }

  /** @param k which operator of its chain */
  #replicaOf({ placement, mailboxes }: Tracked, now: VitalsReading, k: number): ReplicaReading {
    const { stage, descriptor } = placement;
    const replica = stage.place === 'app' ? undefined : this.#job.roster.at(descriptor);
    const { bytes, fill } = k === 0 ? mailboxes.fullest() : EMPTY;
    return {
      replica: descriptor.replica,
      state: replica === undefined ? 'running' : replica.state,
      worker: replica === undefined ? APP : replica.host,
      tuplesIn: tuplesInto(stage, k, now),
      tuplesOut: sum(tuplesOutOf(stage, k, now)),
      busyMs: now.busyMs,
      blockedMs: now.blockedMs,
      queueBytes: bytes,
      queueFill: fill,
    };
  }
}
