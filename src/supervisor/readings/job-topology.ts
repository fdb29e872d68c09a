// Who reads from whom in a job, where it runs, and how full the mailboxes between are.
// Promises: plain data of one moment; taking it stops nobody.

import type { OperatorNode, StreamRef } from '../../flow/graph.ts';
import type { OperatorKind } from '../../flow/kinds/kind.ts';
import { type Plan, type Stage, stageName } from '../../flow/plan.ts';
import type { JobContext } from '../job-context.ts';
import { type Hint, hintsOf } from './hints.ts';
import { EMPTY, type Fill, fuller, Mailboxes } from './mailboxes.ts';
import { TimeReader } from './time-reader.ts';
import type { TimeReading } from './time-reading.ts';

/** An operator of a running job. */
export interface TopologyOperator {
  /** The operator's name. */
  readonly name: string;
  /** `source`, or the method that declared it: `map`, `filter`, …, `sink` for `to`. */
  readonly kind: string;
  /** What it is in the flow. */
  readonly role: OperatorKind['role'];
  /** The operator in whose actor it runs, if it is fused. */
  readonly fusedInto: string | undefined;
  /** Where its actors run: on workers, or in the app's own thread. */
  readonly place: 'worker' | 'app';
  /** Replicas that have a part in the stream. */
  readonly replicas: number;
  /** The workers that host them, in ascending order. */
  readonly workers: readonly number[];
  /** How far event time has come; left out if its tuples have none, and in the app's thread. */
  readonly time?: TimeReading;
}

/** The stream from one operator to another. */
export interface TopologyEdge {
  /** The operator that writes. */
  readonly from: string;
  /** Which of its outputs, if it has several. */
  readonly output?: string;
  /** The operator that reads. */
  readonly to: string;
  /** True if both run in one actor: there is no mailbox between them. */
  readonly isFused: boolean;
  /** Bytes in the fullest mailbox between their replicas. */
  readonly bytes: number;
  /** The share of that ring that they fill, from 0 to 1. */
  readonly fill: number;
}

/** The operators of a running job, and the streams between them, at one moment. */
export interface JobTopology {
  /** In the order in which the flow declares them: each behind those that it reads from. */
  readonly operators: readonly TopologyOperator[];
  /** The streams between them. */
  readonly edges: readonly TopologyEdge[];
  /** What keeps operators on one thread, though they need not be there, and the option that cures it. */
  readonly hints: readonly Hint[];
}

export class TopologyReader {
  readonly #job: JobContext;
  readonly #mailboxes: ReadonlyMap<Stage, readonly Mailboxes[]>;
  readonly #times: TimeReader;

  constructor(job: JobContext) {
    const { plan, placements } = job;
    this.#job = job;
    this.#times = new TimeReader(job);
    this.#mailboxes = new Map(
      plan.stages.map((stage) => [
        stage,
        placements.filter((each) => each.stage === stage).map(({ descriptor }) => new Mailboxes(descriptor)),
      ]),
    );
  }

  read(): JobTopology {
    const { plan, options } = this.#job;
    const { operators } = plan.graph;
    const times = this.#times.read();
    return {
      operators: operators.map((node) => this.#operatorOf(node, stageOf(plan, node), times.get(node.id))),
      edges: operators.flatMap((node) =>
        node.inputs.flatMap((input, index) =>
          input.from.map(({ operator, output }): TopologyEdge => {
            const from = operators[operator];
            const isFused = stageOf(plan, from) === stageOf(plan, node);
            const fill = isFused ? EMPTY : this.#fillOf(stageOf(plan, node), { operator, output }, index);
            const named = from.outputs.length > 1 ? { output: from.outputs[output].name } : {};
            return { from: from.name, ...named, to: node.name, isFused, ...fill };
          }),
        ),
      ),
      hints: hintsOf(plan, options.maxWorkers),
    };
  }

  #operatorOf({ name, kind }: OperatorNode, stage: Stage, time: TimeReading | undefined): TopologyOperator {
    const enlisted = this.#job.roster.enlisted(stage);
    const { place, operators } = stage;
    const fusedInto = operators[0].name === name ? undefined : stageName(stage);
    const workers = new Set(enlisted.map(({ host }) => host).filter((host) => host >= 0));
    return {
      name,
      kind: kind.name,
      role: kind.role,
      fusedInto,
      place,
      replicas: place === 'app' ? 1 : enlisted.length,
      workers: [...workers].sort((one, other) => one - other),
      ...(time !== undefined && { time }),
    };
  }

  /** The mailboxes of an input of a stage that are written by an output of another one. */
  #fillOf(stage: Stage, { operator, output }: StreamRef, input: number): Fill {
    const { stages } = this.#job.plan;
    const upstream = stage.upstream.findIndex((each) => {
      const { stream } = stages[each.stage].outputs[each.output];
      return each.input === input && stream.operator === operator && stream.output === output;
    });
    return (this.#mailboxes.get(stage) ?? []).map((each) => each.fullest(upstream)).reduce(fuller, EMPTY);
  }
}

const stageOf = ({ stages }: Plan, node: OperatorNode): Stage =>
  stages.find(({ operators }) => operators.includes(node)) as Stage;
