// Scenes of real actors: a flow is planned and deployed as a job does it, each actor runs in a thread of its own, in the real step loop
// of a host, over rings that are small enough to fill, to wrap and to park on.
// Promises: the only things of a job that are replaced are time (it stands still), threads (the explorer's), and the supervisor: a crashed
// actor is made anew on another host, as recovery does it, from its last commit.

import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '../../src/actors/actor.ts';
import type { ActorDescriptor } from '../../src/actors/actor-descriptor.ts';
import { StepWords } from '../../src/actors/vitals/step-words.ts';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { type Plan, planOf, readerSlots, stageName } from '../../src/flow/plan.ts';
import type { Dataflow } from '../../src/index.ts';
import { RING_BYTES_MIN, Ring } from '../../src/mailbox/ring.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { STATE_BYTES_MIN } from '../../src/state/memory/arena.ts';
import type { StateRow } from '../../src/state/rows/state-reader.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import { deploy, type Placement } from '../../src/supervisor/deployment.ts';
import { ActorDriver } from '../../src/testing/actor-driver.ts';
import { Host } from '../../src/workers/host.ts';
import {
  cellWrittenBy,
  commitCells,
  handOverCells,
  ringCells,
  smallRing,
  ticketOf,
  undoCells,
  wakeCells,
} from './cell-names.ts';
import { FinalState } from './final-state.ts';
import type { Invariant, Scene } from './scene.ts';
import { SharedCells } from './shared-cells.ts';
import type { ThreadContext, ThreadProgram } from './thread-graph.ts';

const OUTBOX_BYTES = 1 << 12;
/** Arenas are grown before anything runs: the explorer does not follow growing memory. */
const ARENA_BYTES = 1 << 18;

export interface ActorSceneOptions {
  /** The capacity of rings between operators, in words: a power of two. */
  readonly ringWords: number;
  /** The position at which rings begin. */
  readonly start?: number;
  /** Operators whose actors may crash, and how often in all. */
  readonly crashing?: readonly string[];
  readonly crashes?: number;
  readonly recoveryCrashes?: number;
  /** Operators whose actors come to their end before the others begin: their rings must hold all that they write. */
  readonly first?: readonly string[];
  /** How long batches may wait for more tuples. Time stands still: whoever lingers does so for ever. */
  readonly lingerMs?: number;
  /** Actors read and commit tuple by tuple: all of them, or those of some operators. */
  readonly singly?: boolean | readonly string[];
  /** Names of the replicas of operators that have several; options name actors by them. */
  readonly replicas?: Readonly<Record<string, readonly string[]>>;
  /** Operators whose actors never run: what they would read is looked at in the end. */
  readonly absent?: readonly string[];
  /** What there is beside the actors. */
  readonly beside?: (deployed: Deployed) => Beside;
  /** What the app's own ends do, by the names of their operators. */
  readonly app?: Readonly<Record<string, (end: AppEnd, context: ThreadContext) => Promise<void>>>;
  /** How many tuples the closures of operators that do not crash have expected, see expectNext(), when their actors end. */
  readonly readAtEnd?: Readonly<Record<string, number>>;
  /** What must be in the state of operators in the end: the value of each key. */
  readonly stateAtEnd?: Readonly<Record<string, Readonly<Record<number, StateRow>>>>;
}

/** What an end of the app's own is made from. */
export interface AppEnd {
  readonly plan: Plan;
  readonly placement: Placement;
  readonly host: number;
  readonly wakeWords: SharedArrayBuffer;
}

/** A flow as it is deployed, before anybody runs. */
export interface Deployed {
  readonly plan: Plan;
  readonly placements: readonly Placement[];
  readonly cells: SharedCells;
  readonly wakeWords: SharedArrayBuffer;
  /** The number of a host where nobody is: the supervisor's. */
  readonly host: number;
}

/** What the supervisor does around actors, in their own threads. */
export interface Beside {
  readonly invariants?: readonly Invariant[];
  problemAtEnd?(): string | undefined;
  /** Called when an actor's host begins its loop. */
  begun?(actor: Actor, context: ThreadContext): void;
  /** Called when an actor's host is about to wait: the orders that it may have by now. */
  order?(actor: Actor, host: Host): void;
  /** Called when an actor has come to its end. */
  ended?(actor: Actor): void;
}

/** Replaces the rings between operators by small ones that begin at a position. */
function shrink(placements: readonly Placement[], words: number, start: number): Placement[] {
  const rings = new Map<SharedArrayBuffer, SharedArrayBuffer>();
  for (const { descriptor } of placements) {
    for (const { memory } of descriptor.outputs) rings.set(memory.ring, smallRing(memory.ring, words, start));
  }
  const small = (ring: SharedArrayBuffer): SharedArrayBuffer => rings.get(ring) as SharedArrayBuffer;
  return placements.map(({ stage, descriptor, ...placement }) => {
    const { outputs, inputs, commit } = descriptor;
    const log = new CommitLog(commit);
    const record = log.lastCommit();
    for (const mark of record.cursors.outputs) mark.head = start;
    for (const mark of record.cursors.inputs) mark.position = start;
    log.write(0, record);
    return {
      ...placement,
      stage,
      descriptor: {
        ...descriptor,
        outputs: outputs.map(({ memory, outbox }) => ({ memory: { ...memory, ring: small(memory.ring) }, outbox })),
        inputs: inputs.map((input) => ({ ...input, memory: { ...input.memory, ring: small(input.memory.ring) } })),
      },
    };
  });
}

function nameCells(plan: Plan, placements: readonly Placement[], names: Names, cells: SharedCells): void {
  const shared = new Set<SharedArrayBuffer>();
  const isFirst = (buffer: SharedArrayBuffer): boolean => !shared.has(buffer) && shared.add(buffer).has(buffer);
  for (const placement of placements) {
    const { stage, descriptor } = placement;
    const name = names.of(placement);
    const { commit, transaction, outputs, letters, vitals, handOver, sourceMemory, partitions } = descriptor;
    cells.add(`${name}.commit`, commit, commitCells(`${name}.commit`, commit));
    cells.addUnobserved(vitals);
    if (transaction !== undefined) {
      // Replicas share the state of their operator.
      for (const [i, arena] of transaction.arenas.entries()) {
        if (!isFirst(arena)) continue;
        arena.grow(ARENA_BYTES);
        cells.add(`${stageName(stage)}.arena${i}`, arena);
      }
      cells.add(`${name}.undo`, transaction.undo, undoCells(`${name}.undo`, transaction.undo));
      cells.add(`${name}.allocator`, transaction.allocator);
    }
    for (const [output, { memory, outbox }] of outputs.entries()) {
      cells.add(`${name}.ring`, memory.ring, ringCells(`${name}.ring`, memory.ring, readerSlots(plan, stage, output)));
      cells.add(`${name}.outbox`, outbox);
    }
    if (partitions !== undefined) {
      const { marks, undo } = partitions;
      // Replicas share the partitions of their source.
      if (isFirst(marks)) cells.add(`${stageName(stage)}.marks`, marks);
      cells.add(`${name}.undo`, undo, undoCells(`${name}.undo`, undo));
    }
    if (sourceMemory !== undefined) {
      // Of what is generated it tells people how far that has come, and no more.
      const isRead = stage.operators[0].source?.kind === 'reader';
      if (!isRead) cells.addUnobserved(sourceMemory);
      else if (isFirst(sourceMemory)) cells.add(`${stageName(stage)}.memory`, sourceMemory);
    }
    if (handOver !== undefined && isFirst(handOver)) {
      cells.add(`${stageName(stage)}.handOver`, handOver, handOverCells(handOver, names.replicas[stageName(stage)]));
    }
    cells.add(`${name}.letters`, letters.ring, ringCells(`${name}.letters`, letters.ring, 1));
    cells.add(`${name}.letters.outbox`, letters.outbox);
  }
}

/** No output is published, and no input released, beyond what the last commit says. */
function invariantsOf(placements: readonly Placement[], names: Names, cells: SharedCells): Invariant[] {
  const releasedPublished = ({ memory, slot }: ActorDescriptor['inputs'][number]): Invariant => ({
    cells: [cells.baseOf(memory.ring) + cellWrittenBy(memory.ring, (copy) => new Ring(copy).release(slot, 1))],
    buffers: [memory.ring],
    problem: () => {
      const released = new Ring(memory.ring).released(slot);
      const published = new Ring(memory.ring).published();
      if (((published - released) | 0) >= 0) return undefined;
      return `the app has released ${released}, and ${published} is published`;
    },
  });
  return placements.flatMap((placement) => {
    const { stage, descriptor } = placement;
    const { commit, outputs, inputs } = descriptor;
    // The app's own ends have no commits: what they read is theirs as soon as it is published.
    if (stage.place === 'app') return inputs.map(releasedPublished);
    const name = names.of(placement);
    const committed = () => new CommitLog(commit).lastCommit().cursors;
    const made: Invariant[] = inputs.map(({ memory, slot }, i) => ({
      cells: [cells.baseOf(memory.ring) + cellWrittenBy(memory.ring, (copy) => new Ring(copy).release(slot, 1))],
      buffers: [commit, memory.ring],
      problem: () => {
        const released = new Ring(memory.ring).released(slot);
        const { isDormant, inputs: marks } = committed();
        // The slots of a dormant replica are those of whoever hands groups over to it.
        if (isDormant) return undefined;
        const { position } = marks[i];
        if (((position - released) | 0) >= 0) return undefined;
        return `'${name}' has released ${released}, and its last commit has read up to ${position}`;
      },
    }));
    const written = outputs.map(
      ({ memory: { ring } }, port): Invariant => ({
        cells: [cells.baseOf(ring) + cellWrittenBy(ring, (copy) => new Ring(copy).publish(1))],
        buffers: [commit, ring],
        problem: () => {
          const published = new Ring(ring).published();
          const { head } = committed().outputs[port];
          if (((head - published) | 0) >= 0) return undefined;
          return `'${name}' has published ${published}, and the head of its last commit is ${head}`;
        },
      }),
    );
    return [...made, ...written];
  });
}

/** How actors are called: as their operator, or by names of their own if that has several replicas. */
class Names {
  readonly replicas: Readonly<Record<string, readonly string[]>>;

  constructor(replicas: Readonly<Record<string, readonly string[]>>) {
    this.replicas = replicas;
  }

  of({ stage, descriptor }: Placement): string {
    if (stage.replicas === 1) return stageName(stage);
    return this.replicas[stageName(stage)][descriptor.replica];
  }
}

/** One more host for each crash that there may be: an adopter has another number. */
const hostOf = (actor: number, actors: number, incarnation: number): number => actor + actors * incarnation;

/** @param build builds the flow. What its closures keep from tuple to tuple is in `kept`, which is empty when an actor is made. */
export function actorScene(
  build: (kept: Record<string, unknown>) => Dataflow<Record<string, never>, unknown>,
  options: ActorSceneOptions,
): Scene {
  const { ringWords, start = 0, crashing = [], crashes = 0, recoveryCrashes = 0, first = [], app = {} } = options;
  // Threads run one at a time, each from its start: what closures keep is emptied then.
  const kept: Record<string, unknown> = {};
  const plan = planOf(buildGraph(build(kept), {}));
  const limits = { ringBytes: RING_BYTES_MIN, outboxBytes: OUTBOX_BYTES, stateBytes: STATE_BYTES_MIN };
  const placements = shrink(deploy(plan, plan.stages.length, limits).placements, ringWords, start);
  const naming = new Names(options.replicas ?? {});
  const isAbsent = ({ stage }: Placement): boolean => options.absent?.includes(stageName(stage)) === true;
  const running = placements.filter((placement) => !isAbsent(placement));
  const names = running.map((placement) => naming.of(placement));
  const hosts = Array.from({ length: crashes + recoveryCrashes + 1 }, (_, i) =>
    names.map((name) => name + '′'.repeat(i)),
  ).flat();
  // Two more: the supervisor's, and that of actors that never run.
  const supervisor = hosts.push('supervisor') - 1;
  const nobody = hosts.push('nobody') - 1;
  for (const { descriptor } of placements.filter(isAbsent)) {
    for (const { memory, slot } of descriptor.inputs) new Ring(memory.ring).setReaderHost(slot, nobody);
  }
  const wakeWords = WakeWords.allocate(hosts.length);
  const stepWords = StepWords.allocate(hosts.length);
  const cells = new SharedCells();
  nameCells(plan, placements, naming, cells);
  cells.add('wake', wakeWords, wakeCells(wakeWords, hosts));
  cells.addUnobserved(stepWords);
  const beside = options.beside?.({ plan, placements, cells, wakeWords, host: supervisor }) ?? {};

  const constants = new Map<object, number>();
  const threads = running.map((placement, number): ThreadProgram => {
    const { descriptor, stage } = placement;
    constants.set(descriptor, constants.size);
    const end = app[names[number]];
    if (end !== undefined) {
      return {
        name: names[number],
        isDetached: true,
        run: (context) => end({ plan, placement, host: number, wakeWords }, context),
      };
    }
    const { singly = false, lingerMs = 0 } = options;
    const isSingle = typeof singly === 'boolean' ? singly : singly.includes(stageName(stage));
    return {
      name: names[number],
      run: async (context) => {
        for (const name of Object.keys(kept)) delete kept[name];
        const host = hostOf(number, names.length, context.incarnation);
        await runActor(plan, descriptor, { host, wakeWords, stepWords, isSingle, lingerMs, beside }, kept, context);
        const expected = options.readAtEnd?.[names[number]];
        const read = kept[names[number]] ?? 0;
        if (expected !== undefined && read !== expected) throw new Error(`read ${read} of ${expected} tuples`);
      },
    };
  });
  const problemOfState = stateCheck(placements, options.stateAtEnd ?? {});
  return {
    cells,
    threads,
    first: first.map((name) => names.indexOf(name)),
    mayCrash: threads.map(({ name }) => crashing.includes(name)),
    crashes,
    recoveryCrashes,
    tickets: new Set(hosts.map((_, host) => cells.baseOf(wakeWords) + ticketOf(wakeWords, host))),
    notOrdering: new Set(cells.cellsOf(wakeWords)),
    invariants: [...invariantsOf(placements, naming, cells), ...(beside.invariants ?? [])],
    problemAtEnd: () => problemOfState() ?? beside.problemAtEnd?.(),
    constants,
  };
}

/** Compares the state that is left behind with the one there must be. */
function stateCheck(
  placements: readonly Placement[],
  expected: NonNullable<ActorSceneOptions['stateAtEnd']>,
): () => string | undefined {
  const checks = Object.entries(expected).map(([operator, values]) => {
    const { stage, descriptor } = placements.find((each) => stageName(each.stage) === operator) as Placement;
    if (descriptor.transaction === undefined) throw new Error(`'${operator}' has no state`);
    const state = new FinalState(stage, descriptor.transaction);
    return (): string | undefined => {
      const damage = state.damage();
      if (damage !== undefined) return `the state of '${operator}' is damaged: ${damage}`;
      const found = Object.fromEntries(state.rows().map(({ key, value }) => [Object.values(key)[0], value]));
      if (isDeepStrictEqual(found, values)) return undefined;
      return `the state of '${operator}' is ${JSON.stringify(found)} instead of ${JSON.stringify(values)}`;
    };
  });
  return () => checks.map((check) => check()).find((problem) => problem !== undefined);
}

interface Surroundings {
  readonly host: number;
  readonly wakeWords: SharedArrayBuffer;
  readonly stepWords: SharedArrayBuffer;
  readonly isSingle: boolean;
  readonly lingerMs: number;
  readonly beside: Beside;
}

/** What a worker does with one actor, from its making to its end. */
async function runActor(
  plan: Plan,
  descriptor: ActorDescriptor,
  { host: id, wakeWords: wakeMemory, stepWords: stepMemory, isSingle, lingerMs, beside }: Surroundings,
  kept: Record<string, unknown>,
  context: ThreadContext,
): Promise<void> {
  const wakeWords = new WakeWords(wakeMemory);
  const stepWords = new StepWords(stepMemory);
  const clock = { now: () => 0, yield: () => Promise.resolve() };
  const host: Host = new Host(id, wakeWords, stepWords, clock, {
    ended: (actor) => {
      beside.ended?.(actor);
      host.stop();
    },
    failed: (_actor, error) => {
      throw error;
    },
    recovered: () => {},
  });
  const setup = { hostOf: () => id, wakeWords, lingerMs, now: clock.now, wake: () => host.wake() };
  const driver = new ActorDriver(descriptor, setup);
  const actor = driver.start(plan, { isolate: isSingle });
  await driver.openSource();
  host.add(actor);
  // At the top of its loop a host has nothing on its stack but constants.
  const turn = stepWords.turn.bind(stepWords);
  stepWords.turn = (number) => {
    turn(number);
    context.turn(new Loop(host, actor), kept);
  };
  // Orders come by message, while a host waits: what gives reason for one also wakes the host.
  const announcePark = wakeWords.announcePark.bind(wakeWords);
  wakeWords.announcePark = (number) => {
    const ticket = announcePark(number);
    beside.order?.(actor, host);
    return ticket;
  };
  beside.begun?.(actor, context);
  await host.run();
}

/** The parts of a host and its actor that change; the plan, built anew each time, never does. */
class Loop {
  readonly parts: unknown[];

  constructor(host: Host, actor: Actor) {
    const { actors, stopped, recovering } = host as unknown as Record<string, unknown>;
    this.parts = [actors === undefined ? undefined : (actors as unknown[]).length, stopped, recovering, partsOf(actor)];
  }
}

/** An actor's own properties but its plan: operators and schemas hold nothing that changes. */
function partsOf(actor: Actor): unknown {
  const {
    stage: _stage,
    upstreamStages: _upstream,
    batch,
    feed,
    part,
    ...own
  } = actor as unknown as Record<string, object>;
  const { stage: _batchStage, environment: _environment, ...ofBatch } = batch as unknown as Record<string, object>;
  const { source: _source, environment: _feedEnvironment, ...ofFeed } = (feed ?? {}) as Record<string, object>;
  const ofPart = part && { ...part, batch: undefined };
  return { ...own, environment: undefined, batch: ofBatch, feed: ofFeed, part: ofPart };
}
