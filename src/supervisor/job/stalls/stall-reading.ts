// What the stall detector reads: what each actor and each of the app's own ends is at, from shared memory and the app's thread.
// Promises: reading stops nobody and costs the actors nothing; values of one reading may be a step apart, so only several equal ones
// mean something.
// Relies on: a host writes its actors' activity after each step; recovery and scaling tell of actors that are under way.

import type { StepWords } from '../../../actors/vitals/step-words.ts';
import { Activity, Vitals } from '../../../actors/vitals/vitals.ts';
import { type Plan, readersOf, type Stage, stageName } from '../../../flow/plan.ts';
import { Ring } from '../../../mailbox/ring.ts';
import type { PartState, StreamPart, StreamReading } from './stall.ts';
import type { WatchedStream } from './stall-detector.ts';

/** An actor on a worker, as recovery knows it. */
interface WatchedActor {
  readonly placement: { readonly stage: Stage; readonly descriptor: ActorMemory; readonly isDormant: boolean };
  readonly member: { readonly host: number } | undefined;
  readonly isEnded: boolean;
}

interface ActorMemory {
  readonly stage: number;
  readonly replica: number;
  readonly number: number;
  readonly vitals: SharedArrayBuffer;
  readonly outputs: readonly { readonly memory: { readonly ring: SharedArrayBuffer } }[];
  readonly letters: { readonly ring: SharedArrayBuffer };
}

/** The app's end of a `collect`. */
interface WatchedOutput {
  readonly name: string;
  readonly tuplesRead: number;
  /** How often its iterator was asked for more. */
  readonly asks: number;
  readonly demand: 'unread' | 'held' | 'asked' | 'closed';
}

/** The app's end of a `push` source. */
interface WatchedInput {
  readonly name: string;
  readonly tuplesPushed: number;
  readonly waitsForRoom: boolean;
  readonly ring: Ring;
}

/** What the reading is taken from. */
export interface WatchedJob {
  readonly plan: Plan;
  readonly stepWords: StepWords;
  readonly actors: readonly WatchedActor[];
  readonly outputs: ReadonlyMap<string, WatchedOutput>;
  readonly inputs: ReadonlyMap<string, WatchedInput>;
  /** Letters that have come, and those that were taken; true if a reader of letters does not read on. */
  letters(): { readonly count: number; readonly taken: number; readonly isHeld: boolean };
  isDoneAwaited(): boolean;
  /** True while actors are being started, taken over or stopped. */
  isUnderWay(): boolean;
}

/** A reader that holds less than this share of a ring does not keep its writer from going on. */
const HELD_SHARE_MIN = 0.25;

interface Tracked {
  readonly actor: WatchedActor;
  readonly vitals: Vitals;
  /** One for each output of its stage. */
  readonly rings: readonly Ring[];
  readonly letters: Ring;
}

export class StallReader implements WatchedStream {
  private readonly job: WatchedJob;
  private readonly tracked: readonly Tracked[];

  constructor(job: WatchedJob) {
    this.job = job;
    this.tracked = job.actors.map((actor) => {
      const { vitals, outputs, letters } = actor.placement.descriptor;
      const rings = outputs.map(({ memory }) => new Ring(memory.ring));
      return { actor, vitals: new Vitals(vitals), rings, letters: new Ring(letters.ring) };
    });
  }

  progress(): string {
    const { outputs, inputs } = this.job;
    const letters = this.job.letters();
    return [
      this.tracked.map(({ vitals }) => vitals.commits),
      [...outputs.values()].map(({ tuplesRead, asks, demand }) => [tuplesRead, asks, demand]),
      [...inputs.values()].map(({ tuplesPushed, waitsForRoom }) => [tuplesPushed, waitsForRoom]),
      letters.count,
      letters.taken,
    ].join();
  }

  read(): StreamReading {
    const { plan, outputs, inputs } = this.job;
    const letters = this.job.letters();
    const parts: StreamPart[] = [];
    const rings: (readonly Ring[])[] = [];
    /** Indices of parts, by stage and replica. */
    const places = new Map<string, number>();
    const add = (part: StreamPart, place: string, written: readonly Ring[] = []): void => {
      places.set(place, parts.push(part) - 1);
      rings.push(written);
    };
    for (const tracked of this.tracked) {
      const { placement, isEnded } = tracked.actor;
      if (isEnded || placement.isDormant) continue;
      const { stage, descriptor } = placement;
      const replica = stage.replicas > 1 ? descriptor.replica : undefined;
      const kind = stage.operators[0].kind.role === 'source' ? 'source' : 'operator';
      const part: StreamPart = { kind, name: tailName(stage), replica, state: this.stateOf(tracked), waitsFor: [] };
      add(part, `${stage.index}/${descriptor.replica}`, tracked.rings);
    }
    for (const stage of plan.stages) {
      const name = stageName(stage);
      const output = outputs.get(name);
      const input = inputs.get(name);
      if (output !== undefined && output.demand !== 'closed')
        add({ kind: 'output', name, replica: undefined, state: output.demand, waitsFor: [] }, `${stage.index}/0`);
      if (input !== undefined) {
        const state: PartState = input.waitsForRoom ? 'full' : 'idle';
        add({ kind: 'input', name, replica: undefined, state, waitsFor: [] }, `${stage.index}/0`, [input.ring]);
      }
    }
    const lettersAt = parts.length;
    const ofLetters: PartState = letters.isHeld ? 'held' : 'idle';
    parts.push({ kind: 'letters', name: 'deadLetters', replica: undefined, state: ofLetters, waitsFor: [] });
    for (const [place, at] of places) {
      if (parts[at].state !== 'full') continue;
      const waitsFor = holdersOf(plan, plan.stages[Number(place.split('/')[0])], rings[at], places);
      if (waitsFor.length === 0 && letters.isHeld && this.writesLetters(place)) waitsFor.push(lettersAt);
      parts[at] = { ...parts[at], waitsFor };
    }
    return { parts, isDoneAwaited: this.job.isDoneAwaited() };
  }

  private stateOf({ actor, vitals }: Tracked): PartState {
    const { member, placement } = actor;
    if (member === undefined || this.job.isUnderWay()) return 'working';
    if (this.job.stepWords.stepping(member.host) === placement.descriptor.number) return 'working';
    if (vitals.activity === Activity.busy) return 'working';
    return vitals.activity === Activity.blocked ? 'full' : 'idle';
  }

  private writesLetters(place: string): boolean {
    return this.tracked.some(({ actor: { placement }, letters }) => {
      if (`${placement.stage.index}/${placement.descriptor.replica}` !== place) return false;
      return letters.unreleasedWords(letters.published()) > letters.capacityWords * HELD_SHARE_MIN;
    });
  }
}

/** An actor is called by the last operator of its chain where its output is concerned. */
const tailName = ({ operators }: Stage): string => operators[operators.length - 1].name;

/** Those who hold most of a replica's rings, one for each output of its stage, as indices of parts. */
function holdersOf(plan: Plan, stage: Stage, rings: readonly Ring[], places: ReadonlyMap<string, number>): number[] {
  const holders = rings.flatMap((ring, output) => {
    const published = ring.published();
    const held = readersOf(plan, stage, output).flatMap(({ stage: reader, slot: first }) =>
      Array.from({ length: reader.replicas }, (_, replica) => {
        const slot = first + replica;
        const words = ring.isActive(slot) ? (published - ring.released(slot)) | 0 : 0;
        return { at: places.get(`${reader.index}/${replica}`), words };
      }),
    );
    const most = Math.max(0, ...held.map(({ words }) => words));
    const enough = Math.min(most, ring.capacityWords * HELD_SHARE_MIN);
    return held.flatMap(({ at, words }) => (at !== undefined && words > 0 && words >= enough ? [at] : []));
  });
  return [...new Set(holders)];
}
