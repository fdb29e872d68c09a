// Scenes of a loop: two replicas of a keyed operator that reads what it writes, as actors of a system tell each other, through rings so
// small that what they write waits while they read on.
// Promises: the replicas are real actors. A loop never ends by itself: each replica stops when it has read what is meant for it.

import type { Actor } from '../../src/actors/actor.ts';
import { process } from '../../src/flow/kinds/process.ts';
import { checkOperator } from '../../src/flow/operator-options.ts';
import { stageName } from '../../src/flow/plan.ts';
import { dataflow, type TupleOf, t } from '../../src/index.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { Schema } from '../../src/mailbox/schema.ts';
import { generate } from '../../src/sources.ts';
import type { CommitRecord } from '../../src/state/transaction/commit-record.ts';
import { type ActorSceneOptions, actorScene, type Beside, type Deployed } from './actor-scene.ts';
import type { CaseFlow } from './cases/flows.ts';
import type { Scene } from './scene.ts';

const OPERATOR = 'loop';
const WRITER = 'writer';
const REPLICAS = ['left', 'right'] as const;
/** By replica: the first half of the key groups is left's. */
const KEYS = [1, 3] as const;
/** A frame of one token takes 8 words, half of the smallest ring. */
const TOKEN = { key: t.u32(), hops: t.u32(), x: t.f64(), y: t.f64() };

type Token = TupleOf<typeof TOKEN>;

export interface LoopSceneOptions extends Pick<ActorSceneOptions, 'ringWords' | 'start' | 'crashing' | 'crashes'> {
  /** How far each token from outside goes, to and fro between the replicas. */
  readonly hops: readonly number[];
  /** How many tokens it becomes at each hop. */
  readonly copies: number;
}

const token = (key: number, hops: number): Token => ({ key, hops, x: 0, y: 0 });

const nextOf = ({ key, hops }: Token, { copies }: LoopSceneOptions): Token[] =>
  hops === 0 ? [] : Array<Token>(copies).fill(token(key === KEYS[0] ? KEYS[1] : KEYS[0], hops - 1));

/** The first tokens, in turn for the one replica and the other. */
const tokensOf = ({ hops }: LoopSceneOptions): Token[] => hops.map((each, i) => token(KEYS[i % KEYS.length], each));

/** How many tokens come to each key in all. */
function countsOf(options: LoopSceneOptions): Map<number, number> {
  const counts = new Map<number, number>(KEYS.map((key) => [key, 0]));
  const pending = tokensOf(options);
  for (const token of pending) {
    counts.set(token.key, (counts.get(token.key) as number) + 1);
    pending.push(...nextOf(token, options));
  }
  return counts;
}

const loopFlow = (options: LoopSceneOptions) => (): CaseFlow =>
  dataflow(import.meta.url, 'loop', (flow) => {
    const tokens = tokensOf(options);
    const input = flow
      .source(
        WRITER,
        generate(TOKEN, (i) => tokens[i], { count: tokens.length }),
      )
      .keyBy('key')
      .asInput((token: Token, state: { seen: number }, emit: (token: Token) => void) => {
        state.seen += 1;
        for (const next of nextOf(token, options)) emit(next);
      });
    flow.graph.operator(
      OPERATOR,
      process,
      [{ ...input, loop: 0 }],
      [{ name: OPERATOR, schema: Schema.of(TOKEN, `operator '${OPERATOR}'`) }],
      checkOperator(OPERATOR, { parallelism: 2, failure: 'stop' }),
      { state: { seen: t.u32() } },
    );
  });

const batchOf = (actor: Actor) =>
  (actor as unknown as { batch: { committed: CommitRecord; outputs: { isOverflowing: boolean } } }).batch;

function besideOf(counts: ReadonlyMap<number, number>, { placements }: Deployed): Beside {
  const replicas = placements.filter(({ stage }) => stageName(stage) === OPERATOR);
  return {
    order: (actor, host) => {
      if (stageName(actor.stage) !== OPERATOR) return;
      const { committed, outputs } = batchOf(actor);
      const read = committed.progress.counts[0];
      if (read < (counts.get(KEYS[actor.descriptor.replica]) as number) || outputs.isOverflowing) return;
      host.release(actor);
      host.stop();
    },
    problemAtEnd: () => {
      const unread = replicas.findIndex(({ descriptor }) => {
        const { outputs } = descriptor;
        return outputs.some(
          ({ memory }) => new Ring(memory.ring).unreleasedWords(new Ring(memory.ring).published()) > 0,
        );
      });
      return unread < 0 ? undefined : `of what '${REPLICAS[unread]}' has written something is unread`;
    },
  };
}

export function loopScene(options: LoopSceneOptions): Scene {
  const counts = countsOf(options);
  const { ringWords, start, crashing, crashes } = options;
  return actorScene(loopFlow(options), {
    ringWords,
    start,
    crashing,
    crashes,
    singly: [WRITER],
    replicas: { [OPERATOR]: REPLICAS },
    first: [WRITER],
    stateAtEnd: { [OPERATOR]: Object.fromEntries([...counts].map(([key, seen]) => [key, { seen }])) },
    beside: (deployed) => besideOf(counts, deployed),
  });
}
