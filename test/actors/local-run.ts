// Runs the actors of a flow in this very thread, one step at a time, as the test orders: no threads, no clock, no chance.
// What it shares with a real job: graph, plan, deployment, actors, rings, commits. What it lacks: hosts, parking and wake-ups.

import { Actor, type StepStatus } from '../../src/actors/actor.ts';
import { buildGraph } from '../../src/actors/dataflow.ts';
import { type Plan, planOf, type Stage, stageName } from '../../src/actors/plan.ts';
import type { Dataflow, RunOptions } from '../../src/index.ts';
import { type Decoder, generateDecoder } from '../../src/mailbox/decoder.ts';
import { DictionaryReader } from '../../src/mailbox/dictionary.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { RingReader } from '../../src/mailbox/ring-reader.ts';
import type { Schema } from '../../src/mailbox/schema.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { deploy, type Placement } from '../../src/supervisor/deployment.ts';
import { checkRunOptions } from '../../src/supervisor/run-options.ts';

/** Reads one ring of a `collect` as the app would. */
class LocalReader {
  private readonly reader: RingReader;
  private readonly decoder: Decoder<Record<string, unknown>>;
  private readonly dictionary: DictionaryReader | undefined;
  private readonly wakeWords: WakeWords;

  constructor(plan: Plan, stage: Stage, input: Placement['descriptor']['inputs'][number], wakeWords: WakeWords) {
    const from = plan.stages[stage.upstream[input.upstream]];
    this.reader = new RingReader(new Ring(input.memory.ring), input.slot, 0);
    this.decoder = generateDecoder(stageName(stage), stage.input as Schema, from.outputKeys.length, 0);
    this.dictionary = input.memory.dictionary && new DictionaryReader(input.memory.dictionary);
    this.wakeWords = wakeWords;
  }

  get ended(): boolean {
    return this.reader.ended;
  }

  /** Moves what is committed into `tuples`. */
  read(tuples: Record<string, unknown>[]): boolean {
    const { reader, decoder } = this;
    const from = reader.position;
    while (reader.load()) {
      decoder.open(reader.ring.data, reader.frameIndex, reader.count, this.dictionary);
      for (let row = 0; row < reader.count; row++) tuples.push(decoder.tupleAt(row));
      reader.advance(reader.count);
    }
    reader.release(reader.position, this.wakeWords);
    return reader.position !== from;
  }
}

/** A job whose every step is the test's. Outputs gather in {@link tuples} by name, when {@link collect} is called. */
export class LocalJob {
  readonly actors: Actor[];
  readonly tuples = new Map<string, Record<string, unknown>[]>();
  private readonly readers: { readonly reader: LocalReader; readonly name: string }[] = [];

  constructor(plan: Plan, options: RunOptions) {
    const { workers, lingerMs, ...limits } = checkRunOptions(options);
    const wakeWords = new WakeWords(WakeWords.allocate(workers + 1));
    const { placements } = deploy(plan, workers, limits);
    for (const { stage, descriptor } of placements) {
      if (stage.place !== 'app') continue;
      this.tuples.set(stageName(stage), []);
      for (const input of descriptor.inputs) {
        this.readers.push({ reader: new LocalReader(plan, stage, input, wakeWords), name: stageName(stage) });
      }
    }
    this.actors = placements
      .filter(({ stage }) => stage.place === 'worker')
      .map(({ descriptor, host }) => {
        const environment = { host, wakeWords, lingerMs, now: () => performance.now(), wake: () => {} };
        const actor = new Actor(plan, descriptor, environment);
        actor.openSink();
        return actor;
      });
  }

  static of<Params, Built>(flow: Dataflow<Params, Built>, options: RunOptions<Params>): LocalJob {
    return new LocalJob(planOf(buildGraph(flow, options.params as Params)), options as RunOptions);
  }

  /** The actor of a replica of the operator that begins a stage. */
  actor(operator: string, replica = 0): Actor {
    const found = this.actors.find(({ name, descriptor }) => name === operator && descriptor.replica === replica);
    if (found === undefined) throw new Error(`no actor '${operator}' ${replica}`);
    return found;
  }

  /** Takes what is committed from all rings of all outputs. Returns true if anything moved. */
  collect(): boolean {
    let moved = false;
    for (const { reader, name } of this.readers) moved = reader.read(this.tuples.get(name) ?? []) || moved;
    return moved;
  }

  get ended(): boolean {
    return this.readers.every(({ reader }) => reader.ended);
  }

  /**
   * Steps actors in the order that `choose` gives, until all are done.
   * @param choose an index below its argument
   * @param onError called with what a step throws; the actor has rolled back, and is stepped again later
   */
  run(choose: (count: number) => number, onError: (error: unknown) => void = rethrow): void {
    const alive = [...this.actors];
    for (let idleSteps = 0; alive.length > 0 || !this.ended; ) {
      if (idleSteps > 10_000) throw new Error(`no progress: ${alive.map(({ name }) => name).join(', ')} are waiting`);
      idleSteps++;
      if (alive.length === 0 || choose(4) === 0) {
        if (this.collect()) idleSteps = 0;
        continue;
      }
      const actor = alive[choose(alive.length)];
      if (!actor.canStep()) continue;
      idleSteps = 0;
      if (stepOnce(actor, onError) === 'done') {
        alive.splice(alive.indexOf(actor), 1);
        actor.close();
      }
    }
  }
}

function rethrow(error: unknown): void {
  throw error;
}

function stepOnce(actor: Actor, onError: (error: unknown) => void): StepStatus {
  try {
    // No time at all: a step is then one batch.
    return actor.step(0);
  } catch (error) {
    onError(error);
    return 'more';
  }
}
