// What has kept a job on one thread, seen by its figures: an operator that was busy all the time, and the option that would share it out.
// Promises: pure: the same plan and reading give the same hints. Where no option would help, there is none. Each reading asks for them,
// so nothing else is computed.

import type { OperatorNode } from '../../flow/graph.ts';
import { isShareable, type Plan, type Stage, stageName } from '../../flow/plan.ts';
import type { Hint } from './hints.ts';
import type { JobReading } from './job-reading.ts';

/** What is shorter says more about the start than about the load. */
const SPAN_MS_MIN = 3000;
/** The share of time from which on an operator holds the others up. */
const BUSY_MIN = 0.9;

/**
 * The hints that the figures of a job give.
 * @param reading of the job so far
 * @param workers worker threads that it may have: on one, nothing can be shared out
 */
export function loadHintsOf(
  plan: Plan,
  { elapsedMs, operators }: Pick<JobReading, 'elapsedMs' | 'operators'>,
  workers: number,
): readonly Hint[] {
  if (workers < 2 || elapsedMs < SPAN_MS_MIN) return [];
  return plan.stages.flatMap((stage) => {
    if (stage.place === 'app' || stage.replicas > 1) return [];
    const [only] = operators.find(({ name }) => name === stageName(stage))?.replicas ?? [];
    const busy = only === undefined ? 0 : Math.min(1, only.busyMs / elapsedMs);
    const cure = busy < BUSY_MIN ? undefined : cureOf(stage);
    return cure === undefined ? [] : [hintOf(stage, busy, cure)];
  });
}

interface Cure {
  readonly option: string;
  readonly text: string;
}

function hintOf(stage: Stage, busy: number, { option, text }: Cure): Hint {
  const operator = stageName(stage);
  const [{ kind }, ...others] = stage.operators;
  const fused = others.map(({ name }) => `'${name}'`);
  const together = fused.length === 0 ? '' : `, with ${fused.join(', ')} in the same actor,`;
  const told = `${kind.name} '${operator}'${together} was busy ${Math.floor(busy * 100)} % of the time on one thread.`;
  return { operator, option, text: `${told} ${text}` };
}

function cureOf(stage: Stage): Cure | undefined {
  const [head, ...fused] = stage.operators;
  return head.source === undefined ? cureOfOperator(head) : (cureOfSource(stage) ?? cureOfFused(fused));
}

/** True if replicas of an operator may be had by an option: it writes nothing outside, and the app has declared it. */
const isFree = ({ kind, partOf }: OperatorNode): boolean =>
  partOf === undefined && kind.role === 'operator' && kind.writesOutside !== true;

function cureOfOperator(operator: OperatorNode): Cure | undefined {
  if (!isFree(operator)) return undefined;
  const { inputs, state } = operator;
  // Replicas share keys, and there is but one.
  if (inputs.some(({ key }) => key?.length === 0)) return undefined;
  if (inputs.every(isShareable)) return { option: 'parallelism', text: "Give it the option 'parallelism'" };
  return state === undefined ? behindOrder('it') : undefined;
}

const behindOrder = (operator: string): Cure => ({
  option: 'parallelism',
  text: `Give ${operator} the option 'parallelism' behind ordered(), or behind unordered() if the order of its tuples does not matter`,
});

/** Sources that can be read by several replicas, and are not: those that have more partitions than replicas are told of without figures. */
function cureOfSource({ operators: [{ source }], partitions }: Stage): Cure | undefined {
  if (source === undefined || partitions > 1) return undefined;
  if (source.kind === 'generate') {
    const text = "Give generate() the option 'partitions', and the source 'parallelism'";
    return { option: 'partitions', text };
  }
  if (source.kind !== 'reader' || source.cut === undefined) return undefined;
  return source.isUnordered === true
    ? { option: 'parallelism', text: "Give it the option 'parallelism': its ranges are then read side by side" }
    : {
        option: 'ranges',
        text: "If the order of its tuples does not matter, read it with ranges: 'auto', and give the source 'parallelism'",
      };
}

/** What runs in the actor of a source can have replicas of its own. */
function cureOfFused(fused: readonly OperatorNode[]): Cure | undefined {
  const first = fused.find(isFree);
  return first === undefined ? undefined : behindOrder(`'${first.name}'`);
}
