// What the stall detector reads: what each actor and each of the app's own ends is at, from shared memory and the app's thread.
// Promises: reading stops nobody and costs the actors nothing; values of one reading may be a step apart, so only several equal ones
// mean something.
// Relies on: a host writes its actors' activity after each step; recovery and scaling tell of actors that are under way.

import { Activity, Vitals } from '../../../actors/vitals/vitals.ts';
import type { OperatorNode } from '../../../flow/graph.ts';
import { type Plan, readersOf, type Stage, stageName } from '../../../flow/plan.ts';
import { Ring } from '../../../mailbox/ring.ts';
import type { JobContext } from '../../job-context.ts';
import type { Replica } from '../../replicas/replica.ts';
import type { PartState, StreamPart, StreamReading } from './stall.ts';
import type { WatchedStream } from './stall-detector.ts';

/** How far the app has come with dead letters. */
interface WatchedLetters {
  /** Letters that have come, and those that were taken; true if a reader of letters does not read on. */
  readonly flow: { readonly count: number; readonly taken: number; readonly isHeld: boolean };
}

/** A reader that holds less than this share of a ring does not keep its writer from going on. */
const HELD_SHARE_MIN = 0.25;

interface Tracked {
  readonly replica: Replica;
  readonly vitals: Vitals;
  /** One for each output of its stage. */
  readonly rings: readonly Ring[];
  readonly letters: Ring;
}

export class StallReader implements WatchedStream {
  private readonly job: JobContext;
  private readonly letters: WatchedLetters;
  private readonly isDoneAwaited: () => boolean;
  private readonly tracked: readonly Tracked[];

  constructor(job: JobContext, letters: WatchedLetters, isDoneAwaited: () => boolean) {
    this.job = job;
    this.letters = letters;
    this.isDoneAwaited = isDoneAwaited;
    this.tracked = job.roster.replicas.map((replica) => {
      const { vitals, outputs, letters } = replica.descriptor;
      const rings = outputs.map(({ memory }) => new Ring(memory.ring));
      return { replica, vitals: new Vitals(vitals), rings, letters: new Ring(letters.ring) };
    });
  }

  progress(): string {
    const { outputs, inputs } = this.job.ends;
    const letters = this.letters.flow;
    return [
      this.tracked.map(({ vitals }) => vitals.commits),
      [...outputs.values()].map(({ tuplesRead, asks, demand }) => [tuplesRead, asks, demand]),
      [...inputs.values()].map(({ tuplesPushed, waitsForRoom }) => [tuplesPushed, waitsForRoom]),
      letters.count,
      letters.taken,
    ].join();
  }

  read(): StreamReading {
    const { plan, roster } = this.job;
    const { outputs, inputs } = this.job.ends;
    const letters = this.letters.flow;
    /** Replicas are being started, taken over or stopped. */
    const isUnderWay = roster.replicas.some(({ state }) => state === 'starting' || state === 'restarting');
    const parts: StreamPart[] = [];
    const rings: (readonly Ring[])[] = [];
    /** Indices of parts, by stage and replica. */
    const places = new Map<string, number>();
    const add = (part: StreamPart, place: string, written: readonly Ring[] = []): void => {
      places.set(place, parts.push(part) - 1);
      rings.push(written);
    };
    for (const tracked of this.tracked) {
      const { stage, descriptor, isAtWork } = tracked.replica;
      if (!isAtWork) continue;
      const replica = stage.replicas > 1 ? descriptor.replica : undefined;
      const state = isUnderWay ? 'working' : this.stateOf(tracked);
      const part: StreamPart = { ...calledAs(tailOf(stage)), replica, state, waitsFor: [] };
      add(part, `${stage.index}/${descriptor.replica}`, tracked.rings);
    }
    for (const stage of plan.stages) {
      const name = stageName(stage);
      const output = outputs.get(name);
      const input = inputs.get(name);
      const isBridge = this.job.ends.isBridged(name);
      if (output !== undefined && output.demand !== 'closed')
        add(
          { kind: isBridge ? 'bridge' : 'output', name, replica: undefined, state: output.demand, waitsFor: [] },
          `${stage.index}/0`,
        );
      if (input !== undefined) {
        const state: PartState = input.waitsForRoom ? 'full' : 'idle';
        add(
          { kind: isBridge ? 'bridge' : 'input', name, replica: undefined, state, waitsFor: [] },
          `${stage.index}/0`,
          [input.ring],
        );
      }
    }
    const lettersAt = parts.length;
    const ofLetters: PartState = letters.isHeld ? 'held' : 'idle';
    parts.push({ kind: 'letters', name: 'deadLetters', replica: undefined, state: ofLetters, waitsFor: [] });
    for (const [place, at] of places) {
      if (parts[at].state !== 'full') continue;
      const stage = plan.stages[Number(place.split('/')[0])];
      const held = rings[at].map((ring, output) => holdersOf(plan, stage, ring, output, places));
      const waitsFor = [...new Set(held.flat())];
      if (waitsFor.length === 0 && letters.isHeld && this.writesLetters(place)) waitsFor.push(lettersAt);
      const fills = rings[at].map((ring) => ring.unreleasedWords(ring.published()) / ring.capacityWords);
      const fullest = stage.outputs[fills.indexOf(Math.max(...fills))];
      const isActor = stage.place === 'worker' && fullest !== undefined;
      const called = isActor ? calledAs(stage.operators[fullest.operator]) : {};
      parts[at] = { ...parts[at], ...called, waitsFor };
    }
    return { parts, isDoneAwaited: this.isDoneAwaited() };
  }

  private stateOf({ replica: { worker, descriptor }, vitals }: Tracked): PartState {
    if (worker === undefined || this.job.stepWords.stepping(worker.host) === descriptor.number) return 'working';
    if (vitals.activity === Activity.busy) return 'working';
    return vitals.activity === Activity.blocked ? 'full' : 'idle';
  }

  private writesLetters(place: string): boolean {
    return this.tracked.some(({ replica: { stage, descriptor }, letters }) => {
      if (`${stage.index}/${descriptor.replica}` !== place) return false;
      return letters.unreleasedWords(letters.published()) > letters.capacityWords * HELD_SHARE_MIN;
    });
  }
}

/** An actor is called by the last operator of its chain, or by the one that writes the output that has no room. */
const calledAs = ({ kind, name }: OperatorNode): Pick<StreamPart, 'kind' | 'name'> => ({
  kind: kind.role === 'source' ? 'source' : 'operator',
  name,
});

const tailOf = ({ operators }: Stage): OperatorNode => operators[operators.length - 1];

/** Those who hold most of the ring of one of a replica's outputs, as indices of parts. */
function holdersOf(
  plan: Plan,
  stage: Stage,
  ring: Ring,
  output: number,
  places: ReadonlyMap<string, number>,
): number[] {
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
}
