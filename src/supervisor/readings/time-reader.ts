// How far event time has come in a job, operator by operator, and what each of them waits for: from shared memory.
// Promises: reading stops nobody and costs the actors nothing. The watermark of an operator is the least of its replicas, by their last
// commits; where a partition stands is read as it is, with what is not committed yet.

import { Activity, Vitals } from '../../actors/vitals/vitals.ts';
import type { OperatorNode, StreamRef } from '../../flow/graph.ts';
import type { Plan, Stage } from '../../flow/plan.ts';
import { tuplesOutOf } from '../../flow/stage-counts.ts';
import { PartitionMarks } from '../../state/transaction/partition-marks.ts';
import { ownersOf } from '../elasticity/owners.ts';
import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';
import type { TimeInput, TimeInputState, TimeReading } from './time-reading.ts';

/** The output of late tuples of an operator that judges times. */
const LATE = 1;

interface Tracked {
  readonly replica: Replica;
  readonly vitals: Vitals;
}

/** An operator that goes by event time, or passes it on. */
interface Timed {
  readonly node: OperatorNode;
  readonly stage: Stage;
  readonly replicas: readonly Tracked[];
  /** The streams with event time that it reads; none if it gives tuples their times. */
  readonly streams: readonly StreamRef[];
  /** Of one that gives tuples their times: its source, and where the partitions of that stand, if there are several. */
  readonly source: OperatorNode | undefined;
  readonly marks: PartitionMarks | undefined;
}

export class TimeReader {
  /** In the order of the flow: each behind those that it reads. */
  readonly #timed: readonly Timed[];

  constructor({ plan, roster }: JobContext) {
    const { operators } = plan.graph;
    const tracked = new Map(
      roster.replicas.map((replica) => [replica, { replica, vitals: new Vitals(replica.descriptor.vitals) }]),
    );
    this.#timed = operators.flatMap((node): Timed[] => {
      const isJudge = node.eventTime !== undefined;
      const read = node.inputs.flatMap(({ from }) => from);
      const streams = read.filter(({ operator, output }) => operators[operator].outputs[output].time !== undefined);
      const stage = stageOf(plan, node);
      // Some make the times of their results themselves.
      const isTimed = isJudge || streams.length > 0 || node.outputs.some(({ time }) => time !== undefined);
      if (stage.place === 'app' || !isTimed) return [];
      const replicas = roster.of(stage).map((replica) => tracked.get(replica) as Tracked);
      const { partitions } = replicas[0].replica.descriptor;
      return [
        {
          node,
          stage,
          replicas,
          streams,
          source: isJudge ? sourceOf(operators, node) : undefined,
          marks: isJudge && partitions !== undefined ? new PartitionMarks(partitions) : undefined,
        },
      ];
    });
  }

  /** By the ids of operators, which combiners share with the operator before them. */
  read(): ReadonlyMap<number, TimeReading> {
    const readings = new Map<number, TimeReading>();
    for (const timed of this.#timed) readings.set(timed.node.id, this.#readingOf(timed, readings));
    return readings;
  }

  #readingOf(timed: Timed, before: ReadonlyMap<number, TimeReading>): TimeReading {
    const { source, replicas, streams } = timed;
    const times = replicas.map(({ vitals }) => vitals.readTime());
    const watermark = Math.min(...times.map((time) => time.watermark));
    const sources = [...new Set(streams.map(({ operator }) => before.get(operator)))].flatMap((each) => each ?? []);
    const newestMs = Math.max(...(source === undefined ? sources : times).map((each) => each.newestMs));
    return {
      watermark,
      movedAtMs: Math.max(0, ...times.filter((time) => time.watermark === watermark).map((time) => time.movedAtMs)),
      newestMs,
      lagMs: newestMs > watermark ? newestMs - watermark : 0,
      late: source === undefined ? sources.reduce((sum, { late }) => sum + late, 0) : lateOf(timed),
      inputs:
        source === undefined
          ? streams.flatMap((stream) => this.#inputOf(stream, before) ?? [])
          : partsOf(timed, source, watermark),
    };
  }

  /** What is read of a stream with event time. */
  #inputOf({ operator, output }: StreamRef, before: ReadonlyMap<number, TimeReading>): TimeInput | undefined {
    const writer = this.#timed.find(({ node }) => node.id === operator);
    const reading = before.get(operator);
    if (writer === undefined || reading === undefined) return undefined;
    const { watermark, inputs } = reading;
    const { name, outputs } = writer.node;
    const open = inputs.filter(({ state }) => state !== 'ended');
    const isIdle = open.length > 0 && open.every(({ state }) => state === 'idle');
    const state = stateOf(watermark === Number.POSITIVE_INFINITY, isIdle, writer.replicas.some(isHeld));
    return { from: name, ...(outputs.length > 1 && { output: outputs[output].name }), watermark, state };
  }
}

const stageOf = ({ stages }: Plan, node: OperatorNode): Stage =>
  stages.find(({ operators }) => operators.includes(node)) as Stage;

/** The source whose tuples an operator gives their times: it stands right behind. */
function sourceOf(operators: readonly OperatorNode[], node: OperatorNode): OperatorNode {
  const [input] = node.inputs;
  return input === undefined ? node : sourceOf(operators, operators[input.from[0].operator]);
}

const stateOf = (hasEnded: boolean, isIdle: boolean, isHeldUp: boolean): TimeInputState => {
  if (hasEnded) return 'ended';
  if (isIdle) return 'idle';
  return isHeldUp ? 'held' : 'running';
};

/** True of a replica that has no room in its output, or has a part in the stream and does not run. */
const isHeld = ({ replica: { state }, vitals }: Tracked): boolean =>
  state === 'starting' || state === 'restarting' || vitals.activity === Activity.blocked;

/** The late tuples that an operator has sorted out. */
function lateOf({ node, stage, replicas }: Timed): number {
  const k = stage.operators.indexOf(node);
  return replicas.reduce((sum, { vitals }) => sum + tuplesOutOf(stage, k, vitals.read())[LATE], 0);
}

/** What an operator reads that gives tuples their times: its source, partition by partition if there are several. */
function partsOf(
  { node, stage, replicas, marks }: Timed,
  { name: from }: OperatorNode,
  watermark: number,
): TimeInput[] {
  const hasEnded = watermark === Number.POSITIVE_INFINITY;
  if (marks === undefined) {
    const isIdle = replicas.some(({ vitals }) => vitals.isIdle(0));
    return [{ from, watermark, state: stateOf(hasEnded, isIdle, replicas.some(isHeld)) }];
  }
  const owners = ownersOf(
    replicas.map(({ replica }) => replica),
    stage,
  );
  return owners.map((owner, partition): TimeInput => {
    const isOver = hasEnded || marks.hasReachedEnd(partition);
    const state = stateOf(
      isOver,
      replicas.some(({ vitals }) => vitals.isIdle(partition)),
      owner < 0 || isHeld(replicas[owner]),
    );
    const until = Math.floor(marks.seen(partition) - (node.eventTime?.outOfOrderMs ?? 0));
    return { from, partition, watermark: isOver ? Number.POSITIVE_INFINITY : until, state };
  });
}
