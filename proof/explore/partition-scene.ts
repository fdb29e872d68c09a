// Scenes of a hand-over of a source's partitions, with a combiner in the source's chain: what is combined of a partition belongs to the
// batch of the replica that has read it, which may be open when the partition is asked for.
// Promises: as hand-over-scene.ts. Time stands still, so a combiner is flushed by nothing but the end of its source, and the hand-over.

import { count, sum } from '../../src/aggregates.ts';
import { stageName } from '../../src/flow/plan.ts';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { type ActorSceneOptions, actorScene, type Beside, type Deployed } from './actor-scene.ts';
import type { CaseFlow } from './cases/flows.ts';
import { type Asked, handOverBeside, REPLICAS, readOutput } from './hand-over-scene.ts';
import type { Scene } from './scene.ts';

const SOURCE = 'writer';
const READER = 'reader';
const PARTITIONS = 2;

export interface PartitionSceneOptions
  extends Omit<Asked, 'isBrief' | 'groups'>,
    Pick<ActorSceneOptions, 'crashing' | 'crashes'> {
  /** Of both partitions. The first read of a replica takes 16. */
  readonly tuples: number;
  /** The partitions that change hands; by default all do, and the giver retires. */
  readonly moved?: readonly number[];
}

const combiningSource = (tuples: number, isJoining: boolean) => (): CaseFlow =>
  dataflow(import.meta.url, 'combining-source', (flow) => {
    flow
      .source(
        SOURCE,
        generate({ n: t.u32(), i: t.u32() }, (i) => ({ n: 1, i }), { count: tuples, partitions: PARTITIONS }),
        { parallelism: { max: 2, start: isJoining ? 1 : 2 }, failure: 'stop' },
      )
      .keyBy('n')
      // It never runs: the rows that it would read are looked at in the end.
      .aggregate(READER, { seen: count(), total: sum('i') }, { combineMs: 1, failure: 'stop' })
      .forEach('told', () => {});
  });

function besideOf({ moved, tuples, ...asked }: PartitionSceneOptions, deployed: Deployed): Beside {
  const replicas = deployed.placements.filter(({ stage }) => stageName(stage) === SOURCE);
  return handOverBeside({ ...asked, groups: moved }, deployed, replicas, () => {
    let seen = 0;
    let total = 0;
    const open = readOutput<{ seen: number; total: number }>(deployed, replicas, READER, false, (row) => {
      seen += row.seen;
      total += row.total;
    });
    if (open >= 0) return `the output of ${REPLICAS[open]} has no end`;
    const all = (tuples * (tuples - 1)) / 2;
    if (seen === tuples && total === all) return undefined;
    return `the combined rows are of ${seen} tuples, whose sum is ${total}, instead of ${tuples} and ${all}`;
  });
}

export function partitionScene(options: PartitionSceneOptions): Scene {
  const { tuples, isJoining, crashing, crashes } = options;
  return actorScene(combiningSource(tuples, isJoining), {
    ringWords: 64,
    crashing,
    crashes,
    replicas: { [SOURCE]: REPLICAS },
    absent: [READER],
    beside: (deployed) => besideOf(options, deployed),
  });
}
