// What is at work in the app's thread between a flow and the system of actors that it is run with.
// Promises: a job is not done before its bridges are; what a bridge pushes into ends with it; one that fails, fails the job.

import { type BridgeEnds, SYSTEM, type SystemHandle } from '../../flow/bridge.ts';
import type { Graph, OperatorNode } from '../../flow/graph.ts';
import type { PushedInput } from './job-input.ts';
import type { CollectedOutput } from './job-output.ts';

/** Where bridges find what they are at work between. */
interface BridgedEnds {
  readonly outputs: ReadonlyMap<string, CollectedOutput<unknown>>;
  readonly inputs: ReadonlyMap<string, PushedInput<object>>;
}

interface BridgeEvents {
  bridgeEnded(): void;
  fail(error: unknown): void;
}

/** What nothing comes from. */
async function* nothing(): AsyncGenerator<never> {}

export class Bridges {
  readonly #operators: readonly OperatorNode[];
  readonly #ends: BridgedEnds;
  readonly #events: BridgeEvents;
  readonly #names: ReadonlySet<string>;
  readonly #stopping = new AbortController();
  readonly #over = new AbortController();
  #left: number;

  constructor({ operators }: Graph, ends: BridgedEnds, events: BridgeEvents) {
    this.#operators = operators.filter(({ bridge }) => bridge !== undefined);
    this.#ends = ends;
    this.#events = events;
    this.#names = new Set(this.#operators.flatMap(({ name, into = name }) => [name, into]));
    this.#left = this.#operators.length;
  }

  /** True of an end that is a bridge's. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  get isAtWork(): boolean {
    return this.#left > 0;
  }

  start(system: SystemHandle | undefined): void {
    for (const operator of this.#operators) void this.#run(operator, system?.[SYSTEM]);
  }

  async #run({ name, into, partOf = name, bridge }: OperatorNode, system: unknown): Promise<void> {
    const input = into === undefined ? undefined : this.#ends.inputs.get(into);
    const output = this.#ends.outputs.get(name);
    const ends: BridgeEnds = {
      operator: partOf,
      system,
      output: (output?.batches() ?? nothing()) as BridgeEnds['output'],
      push: (tuple) => input?.push(tuple),
      stopping: this.#stopping.signal,
      over: this.#over.signal,
    };
    try {
      await bridge?.(ends);
    } catch (error) {
      // Of a job that is over the bridges have nothing to tell.
      if (!this.#over.signal.aborted) this.#events.fail(error);
      return;
    }
    this.#left--;
    input?.end();
    this.#events.bridgeEnded();
  }

  /** The sources are to end. */
  stop(): void {
    this.#stopping.abort();
  }

  /** The job is over. */
  close(): void {
    this.#over.abort();
  }
}
