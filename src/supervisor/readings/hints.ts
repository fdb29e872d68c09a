// What in a flow keeps a job from using its workers, though nothing is wrong: told with the option that cures it.
// Promises: computed from the plan alone, so it is known before the first tuple.

import { consumersOf } from '../../flow/graph.ts';
import { isShareable, type Plan, type Stage, stageName } from '../../flow/plan.ts';

/** What keeps an operator on one thread, though it need not be there. */
export interface Hint {
  /** The operator's name. */
  readonly operator: string;
  /** The option that cures it; `withEventTime` if that is to be given other times. */
  readonly option: string;
  /** What is so, and what to do. */
  readonly text: string;
}

/**
 * The hints of a job.
 * @param workers worker threads that it may have: on one, nothing can be shared out
 */
export const hintsOf = (plan: Plan, workers: number): readonly Hint[] =>
  workers < 2
    ? []
    : plan.stages.flatMap((stage) => {
        if (isUnshared(stage)) return [unsharedHint(stage)];
        const source = funnelled(plan, stage);
        return source === undefined ? [] : [funnelHint(plan, stage, source)];
      });

/** True if there are partitions that replicas could share, and there can be but one replica. */
const isUnshared = ({ partitions, replicas }: Stage): boolean => partitions > 1 && replicas === 1;

/** The operators that run with the first one of a stage, in a sentence. */
function togetherIn({ operators }: Stage): string {
  const [, ...fused] = operators.map(({ name }) => `'${name}'`);
  return fused.length === 0 ? '' : `, with ${fused.join(', ')} in the same actor,`;
}

function unsharedHint(stage: Stage): Hint {
  const operator = stageName(stage);
  const together = togetherIn(stage);
  const text = `source '${operator}' has ${stage.partitions} partitions and one replica: it runs${together} on one thread. Give it the option 'parallelism', ${stage.partitions} at most`;
  return { operator, option: 'parallelism', text };
}

/** The source with several replicas whose tuples all go to one replica of a stage that could have more; undefined if there is none. */
function funnelled({ stages }: Plan, { operators: [head], upstream, replicas, place }: Stage): Stage | undefined {
  // What writes outside is one replica, and what has state is told of by its figures: its keys may be few.
  if (replicas > 1 || place === 'app' || head.state !== undefined || head.kind.writesOutside === true) return undefined;
  // Nor is what an operator is made of that the app has declared.
  if (head.partOf !== undefined) return undefined;
  return upstream
    .map(({ stage }) => stages[stage])
    .find((writer) => writer.operators[0].kind.role === 'source' && writer.replicas > 1);
}

/** True if a stage would run in the actors before it, but for its option. */
function couldFuse({ graph, stages }: Plan, { operators: [{ id, kind, fuse, inputs }] }: Stage): boolean {
  const [stream, ...others] = inputs.flatMap(({ from }) => from);
  if (fuse || kind.role === 'sink' || others.length > 0 || consumersOf(graph, stream).length > 1) return false;
  // Of several outputs of an operator one is handed on in its chain: the one whose reader was declared first.
  const before = stages.flatMap(({ operators }) =>
    operators.filter((_, k) => operators[k - 1]?.id === stream.operator),
  );
  return before.every((behind) => behind.id > id || behind.id === stream.operator);
}

function funnelHint(plan: Plan, stage: Stage, source: Stage): Hint {
  const operator = stageName(stage);
  const [{ kind, inputs }] = stage.operators;
  const told = `${kind.name} '${operator}' has one replica, which gets the tuples of all ${source.replicas} replicas of source '${stageName(source)}': it runs${togetherIn(stage)} on one thread.`;
  if (couldFuse(plan, stage)) {
    const cure = "Leave out the option 'fuse: false', and it runs in the replicas of the source";
    return { operator, option: 'fuse', text: `${told} ${cure}` };
  }
  const before = inputs.every(isShareable)
    ? ''
    : 'If the order of its tuples does not matter, call unordered() before it. ';
  return { operator, option: 'parallelism', text: `${told} ${before}Give it the option 'parallelism'` };
}
