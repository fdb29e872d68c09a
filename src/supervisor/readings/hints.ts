// What in a flow keeps a job from using its workers, though nothing is wrong: told with the option that cures it.
// Promises: computed from the plan alone, so it is known before the first tuple.

import { type Plan, type Stage, stageName } from '../../flow/plan.ts';

/** What keeps an operator on one thread, though it need not be there. */
export interface Hint {
  /** The operator's name. */
  readonly operator: string;
  /** The option that cures it. */
  readonly option: string;
  /** What is so, and what to do. */
  readonly text: string;
}

/**
 * The hints of a job.
 * @param workers worker threads that it may have: on one, nothing can be shared out
 */
export const hintsOf = ({ stages }: Plan, workers: number): readonly Hint[] =>
  workers < 2 ? [] : stages.filter(isUnshared).map(unsharedHint);

/** True if there are partitions that replicas could share, and there can be but one replica. */
const isUnshared = ({ partitions, replicas }: Stage): boolean => partitions > 1 && replicas === 1;

function unsharedHint(stage: Stage): Hint {
  const operator = stageName(stage);
  const [, ...fused] = stage.operators.map(({ name }) => `'${name}'`);
  const together = fused.length === 0 ? '' : `, with ${fused.join(', ')} in the same actor,`;
  const text = `source '${operator}' has ${stage.partitions} partitions and one replica: it runs${together} on one thread. Give it the option 'parallelism', ${stage.partitions} at most`;
  return { operator, option: 'parallelism', text };
}
