// Scenes of a hand-over: two replicas of a keyed operator, the requester as a thread or before the start, and a flow whose tuples
// tell if one is lost, repeated or out of order in its key.
// Promises: giver and receiver are real actors. Of the supervisor there is what it does around a hand-over: it asks, refuses for
// those who have ended, and puts to sleep who owns nothing.

import type { Actor } from '../../src/actors/actor.ts';
import { stageReaders } from '../../src/actors/stage-readers.ts';
import { groupCount, stageName } from '../../src/flow/plan.ts';
import { dataflow, t } from '../../src/index.ts';
import { keyGroupOf, mix32 } from '../../src/mailbox/hash.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { generate } from '../../src/sources.ts';
import { groupSet, groupsOf, hasGroup, isEmptySet } from '../../src/state/groups/group-set.ts';
import { HandOver, HandOverPhase } from '../../src/state/groups/hand-over.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import type { CommitRecord } from '../../src/state/transaction/commit-record.ts';
import type { Placement } from '../../src/supervisor/deployment.ts';
import { ownersProblem } from '../../src/testing/key-group-owners.ts';
import { type ActorSceneOptions, actorScene, type Beside, type Deployed } from './actor-scene.ts';
import type { CaseFlow, Kept } from './cases/flows.ts';
import { cellWrittenBy } from './cell-names.ts';
import type { Invariant, Scene } from './scene.ts';

const GIVER = 0;
const RECEIVER = 1;
export const REPLICAS = ['giver', 'receiver'] as const;
const OPERATOR = 'relay';
const READER = 'reader';

export interface HandOverSceneOptions
  extends Pick<
    ActorSceneOptions,
    'ringWords' | 'start' | 'crashing' | 'crashes' | 'recoveryCrashes' | 'first' | 'singly'
  > {
  /** The keys of the tuples, in order: of each key the first is number 1, the next 2. */
  readonly keys: readonly number[];
  /** The keys whose groups change hands; by default all groups of the giver do, which then retires. */
  readonly moved?: readonly number[];
  /** True if the receiver begins dormant; otherwise each has half of the groups. */
  readonly isJoining: boolean;
  /** Who of the two has read the first tuple before anything runs; if it is the giver it has written it, too. */
  readonly isAhead?: 'giver' | 'receiver';
  /** When the request comes: it is there from the start, or as one of the two begins, while the other may have come to any step. */
  readonly request: 'before' | 'giver' | 'receiver';
  /** True if the operator has state, in which the numbers are checked too. */
  readonly isStateful?: boolean;
  /** True if there is no input, and no end of it: actors stop when the hand-over is over, and there are fewer states. */
  readonly isBrief?: boolean;
  /** What the hand-over may end with; by default it must be done. */
  readonly ends?: readonly ('done' | 'refused')[];
}

interface Numbered {
  readonly key: number;
  readonly n: number;
}

/** Each key's tuples are numbered from 1. */
function numbered(keys: readonly number[]): Numbered[] {
  const counts = new Map<number, number>();
  return keys.map((key) => {
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    return { key, n };
  });
}

/** A frame of one tuple, which is read by key. */
const FRAME_WORDS = 6;
const NUMBERED = { key: t.u32(), n: t.u32() };

/** Throws unless each key's numbers come as 1, 2, 3, …. */
function expectNextOfKey(last: Kept, { key, n }: Numbered): void {
  const expected = ((last[key] as number | undefined) ?? 0) + 1;
  if (n !== expected) throw new Error(`of key ${key} came ${n} instead of ${expected}`);
  last[key] = expected;
}

const handOverFlow =
  ({ keys, isJoining, isStateful = false }: HandOverSceneOptions) =>
  (): CaseFlow =>
    dataflow(import.meta.url, 'hand-over', (flow) => {
      const tuples = numbered(keys);
      const source = flow.source(
        'writer',
        generate(NUMBERED, (i) => tuples[i], { count: tuples.length }),
      );
      const keyed = source.keyBy('key');
      const options = { parallelism: { max: 2, start: isJoining ? 1 : 2 }, fuse: false, failure: 'stop' } as const;
      const relayed = isStateful
        ? keyed.process(
            OPERATOR,
            { state: { last: t.u32() }, output: NUMBERED },
            (tuple, state, emit) => {
              if (tuple.n !== state.last + 1)
                throw new Error(`of key ${tuple.key} came ${tuple.n} after ${state.last}`);
              state.last = tuple.n;
              emit({ key: tuple.key, n: state.last });
            },
            { ...options },
          )
        : keyed.map(OPERATOR, NUMBERED, ({ key, n }) => ({ key, n }), options);
      // It never runs: what it would read is looked at in the end.
      relayed.forEach(READER, () => {}, { fuse: false });
    });

const committedOf = ({ descriptor }: Placement): CommitRecord => new CommitLog(descriptor.commit).lastCommit();

/** No key group has two owners, whatever the last commits say. */
function oneOwner(replicas: readonly Placement[], { cells }: Deployed): Invariant {
  const logs = replicas.map(({ descriptor }) => descriptor.commit);
  return {
    cells: logs.map((log) => cells.baseOf(log) + cellWrittenBy(log, (copy) => new CommitLog(copy).commit(1))),
    buffers: logs,
    problem: () => {
      const owned = replicas.map((each) => committedOf(each).progress.groups);
      return ownersProblem(OPERATOR, owned, groupCount(replicas[0].stage), false);
    },
  };
}

/** Whoever is told where the receiver begins finds its slots active. */
function activeWhenTold(
  [giver, receiver]: readonly Placement[],
  handOver: SharedArrayBuffer,
  { cells }: Deployed,
): Invariant {
  const posted = cellWrittenBy(handOver, (copy) => new HandOver(copy, REPLICAS.length).post(1, GIVER, []));
  const rings = giver.descriptor.inputs.map(({ memory }) => memory.ring);
  return {
    cells: [cells.baseOf(handOver) + posted],
    buffers: rings,
    problem: () => {
      const inactive = receiver.descriptor.inputs.find(({ memory, slot }) => !new Ring(memory.ring).isActive(slot));
      return inactive && "the giver has told where the receiver begins, and the receiver's slot is not active";
    },
  };
}

/**
 * Reads what the replicas have written, as the reader behind them would, as long as there is something.
 * @param see gets each tuple
 * @returns the place of the replica whose output does not end as it must; -1 if there is none
 */
export function readOutput<Tuple>(
  { plan, placements }: Deployed,
  replicas: readonly Placement[],
  reader: string,
  isEndless: boolean,
  see: (tuple: Tuple) => void,
): number {
  const placement = placements.find((each) => stageName(each.stage) === reader) as Placement;
  const { descriptor, stage } = placement;
  // Where the ring begins is where the commit of one that has read nothing is.
  const from = committedOf(placement).cursors.inputs.map(({ position }) => position);
  const readers = stageReaders<Tuple>(plan, stage, descriptor, from);
  const positions = (): string => readers.map(({ position }) => position).join();
  // The receiver's first: only a fence makes it wait for the giver's.
  for (let before = ''; before !== positions(); ) {
    before = positions();
    for (const each of [...readers].reverse()) for (const tuple of each.next() ?? []) see(tuple);
  }
  return readers.findIndex(({ hasReadAll, hasEnded }, i) => {
    // Nobody writes the ring of who has retired: the supervisor would have said so by now.
    const isOver = committedOf(replicas[i]).cursors.isDormant && hasReadAll;
    return isEndless ? !hasReadAll : !hasEnded && !isOver;
  });
}

/** @param count of all tuples; undefined if the stream does not end */
function problemOfOutput(
  deployed: Deployed,
  replicas: readonly Placement[],
  written: readonly Numbered[],
  count: number | undefined,
): string | undefined {
  const last: Kept = {};
  for (const tuple of written) expectNextOfKey(last, tuple);
  let read = written.length;
  const open = readOutput<Numbered>(deployed, replicas, READER, count === undefined, (tuple) => {
    expectNextOfKey(last, tuple);
    read++;
  });
  if (open >= 0) return `the output of ${REPLICAS[open]} has no end`;
  return count === undefined || read === count ? undefined : `the output has ${read} tuples of ${count}`;
}

/** Lets a replica have read the first frame of its input. */
function readFirst(placement: Placement): void {
  const { descriptor } = placement;
  const record = committedOf(placement);
  record.cursors.inputs[0].position += FRAME_WORDS;
  new CommitLog(descriptor.commit).write(0, record);
  const [{ memory, slot }] = descriptor.inputs;
  new Ring(memory.ring).release(slot, record.cursors.inputs[0].position);
}

/** What the supervisor does, and what there must be in the end. */
function besideOf(options: HandOverSceneOptions, deployed: Deployed): Beside {
  const { keys, moved, isAhead, isBrief = false } = options;
  const replicas = deployed.placements.filter(({ stage }) => stageName(stage) === OPERATOR);
  if (isAhead !== undefined) readFirst(replicas[REPLICAS.indexOf(isAhead)]);
  const groups = moved?.map((key) => keyGroupOf(mix32(key)));
  const written = isAhead === 'giver' ? numbered(keys).slice(0, 1) : [];
  return handOverBeside({ ...options, groups }, deployed, replicas, () =>
    problemOfOutput(deployed, replicas, written, isBrief ? undefined : keys.length),
  );
}

/** The hand-over that is asked for. */
export interface Asked extends Pick<HandOverSceneOptions, 'isJoining' | 'request' | 'isBrief' | 'ends'> {
  /** Those that change hands; by default all of the giver's. */
  readonly groups?: readonly number[];
}

/**
 * What the supervisor does around a hand-over between two replicas, and what there must be in the end.
 * @param problem looks at what the replicas have written; what it throws is a problem too
 */
export function handOverBeside(
  { isJoining, request, ends = ['done'], isBrief = false, groups: moved }: Asked,
  deployed: Deployed,
  replicas: readonly Placement[],
  problem: () => string | undefined,
): Beside {
  const { cells, wakeWords: wakeBuffer, host: requester } = deployed;
  const [giver, receiver] = replicas;
  const { handOver: buffer } = giver.descriptor;
  if (buffer === undefined) throw new Error('the operator has one replica only');
  const given = moved ?? groupsOf(committedOf(giver).progress.groups);
  const groups = groupSet(given);
  if (given.some((group) => !hasGroup(committedOf(giver).progress.groups, group)))
    throw new Error('the giver must own all groups');
  const memory = new HandOver(buffer, REPLICAS.length);
  memory.setHost(requester);
  // The supervisor brings a dormant replica up before it asks.
  for (const { memory: written } of receiver.descriptor.outputs) new Ring(written.ring).setDormant(false);
  const hasEnded = new SharedArrayBuffer(REPLICAS.length * 4);
  cells.add('ended', hasEnded, (offset) => `ended[${REPLICAS[offset]}]`);

  const wakeBoth = (): void => {
    const wakeWords = new WakeWords(wakeBuffer);
    const asked = new HandOver(buffer, REPLICAS.length);
    for (const replica of REPLICAS.keys()) wakeWords.wakeUnconditionally(asked.host(replica));
  };
  const refuse = (): void => {
    const asked = new HandOver(buffer, REPLICAS.length);
    asked.advance(HandOver.numberOf(asked.word()), HandOverPhase.requested, HandOverPhase.refused);
    wakeBoth();
  };
  const ask = (): void => {
    new HandOver(buffer, REPLICAS.length).request(GIVER, RECEIVER, groups, isJoining);
  };
  if (request === 'before') ask();

  return {
    invariants: [oneOwner(replicas, deployed), activeWhenTold(replicas, buffer, deployed)],
    begun: ({ descriptor }, { incarnation }) => {
      if (descriptor.handOver !== buffer || REPLICAS[descriptor.replica] !== request || incarnation > 0) return;
      ask();
      wakeBoth();
      const ended = new Int32Array(hasEnded);
      if (REPLICAS.some((_, replica) => Atomics.load(ended, replica) === 1)) refuse();
    },
    ended: ({ descriptor }) => {
      if (request === 'before' || descriptor.handOver !== buffer) return;
      Atomics.store(new Int32Array(hasEnded), descriptor.replica, 1);
      // It finds that one of the two has ended whenever it looks.
      if (HandOver.phaseOf(new HandOver(buffer, REPLICAS.length).word()) === HandOverPhase.requested) refuse();
    },
    order: (actor, host) => {
      if (actor.descriptor.handOver !== buffer) return;
      // Without input, and an end of it, nothing is left to do when the hand-over is over.
      if (isBrief && !HandOver.isOpen(new HandOver(buffer, REPLICAS.length).word())) {
        host.release(actor);
        host.stop();
      }
      if (isBrief || !isDormant(actor)) return;
      // Who has retired has nothing left to do; who was to join, and will not, is told.
      const isRefused = (): boolean =>
        HandOver.phaseOf(new HandOver(buffer, REPLICAS.length).word()) === HandOverPhase.refused;
      if (actor.descriptor.replica === RECEIVER && !isRefused()) return;
      host.release(actor);
      host.stop();
    },
    problemAtEnd: () => {
      const phase = HandOver.phaseOf(memory.word());
      const end = ends.find((each) => HandOverPhase[each] === phase);
      if (end === undefined || HandOver.numberOf(memory.word()) !== 1) return `the hand-over ends in phase ${phase}`;
      const asleep = replicas
        .map(committedOf)
        .findIndex(({ cursors, progress }) => cursors.isDormant && !isEmptySet(progress.groups));
      if (asleep >= 0) return `${REPLICAS[asleep]} is dormant, and owns key groups`;
      const owners = replicas.map((each) => committedOf(each).progress.groups);
      const ofOwners = ownersProblem(OPERATOR, owners, groupCount(giver.stage), true);
      if (ofOwners !== undefined) return ofOwners;
      const isWrong = given.some((group) => hasGroup(owners[RECEIVER], group) !== (end === 'done'));
      if (isWrong) return 'a key group that was to change hands has the wrong owner';
      try {
        return problem();
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}

const isDormant = (actor: Actor): boolean =>
  (actor as unknown as { batch: { committed: CommitRecord } }).batch.committed.cursors.isDormant;

export function handOverScene(options: HandOverSceneOptions): Scene {
  const { isBrief = false } = options;
  return actorScene(handOverFlow(options), {
    ringWords: options.ringWords,
    start: options.start,
    crashing: options.crashing,
    crashes: options.crashes,
    recoveryCrashes: options.recoveryCrashes,
    singly: options.singly ?? ['writer'],
    replicas: { [OPERATOR]: REPLICAS },
    first: options.first ?? (isBrief ? [] : ['writer']),
    absent: isBrief ? ['writer', READER] : [READER],
    beside: (deployed) => besideOf(options, deployed),
  });
}
