// The app's own ends of a job's streams: inputs that it pushes into, outputs that it reads.
// Promises: the only place where they are looked up; nothing here runs on a worker.

import { errors } from '../../errors.ts';
import type { SystemHandle } from '../../flow/bridge.ts';
import { type Plan, type Stage, stageName } from '../../flow/plan.ts';
import type { Placement } from '../deployment.ts';
import type { AppHost } from './app-host.ts';
import { Bridges } from './bridges.ts';
import { PushedInput } from './job-input.ts';
import { CollectedOutput } from './job-output.ts';

/** What the job hears of its ends. */
export interface EndEvents {
  /** The iterator of an output gives no more; `isLeft` if it was left before the end. */
  outputClosed(name: string, isLeft: boolean): void;
  inputEnded(): void;
  /** The Web stream of an input was aborted. */
  inputAborted(reason: unknown): Promise<void>;
  /** What hands on to actors, or from them, has come to its end. */
  bridgeEnded(): void;
  fail(error: unknown): void;
}

export class AppEnds {
  readonly outputs = new Map<string, CollectedOutput<unknown>>();
  readonly inputs = new Map<string, PushedInput<object>>();
  readonly #plan: Plan;
  readonly #bridges: Bridges;

  constructor(plan: Plan, placements: readonly Placement[], host: AppHost, events: EndEvents) {
    this.#plan = plan;
    for (const { stage, descriptor } of placements) {
      if (stage.place !== 'app') continue;
      const name = stageName(stage);
      if (stage.outputs.length === 0) {
        const closed = (isLeft: boolean): void => {
          if (!this.#bridges.has(name)) events.outputClosed(name, isLeft);
        };
        this.outputs.set(name, new CollectedOutput(plan, stage, descriptor, host, closed));
      } else {
        const ended = (): void => events.inputEnded();
        const aborted = (reason: unknown): Promise<void> => events.inputAborted(reason);
        this.inputs.set(name, new PushedInput<object>(stage, descriptor, host, ended, aborted));
      }
    }
    this.#bridges = new Bridges(plan.graph, this, events);
  }

  /** Begins what hands on to the actors of a system, or from them. */
  bridge(system: SystemHandle | undefined): void {
    this.#bridges.start(system);
  }

  /** True of an end that a bridge reads, or pushes into. */
  isBridged(name: string): boolean {
    return this.#bridges.has(name);
  }

  /** The app's own: not those that a bridge reads, or pushes into. */
  #ofApp<End>(ends: ReadonlyMap<string, End>): [string, End][] {
    return [...ends].filter(([name]) => !this.#bridges.has(name));
  }

  /** @throws MillraceError UNKNOWN_NAME */
  output(name: string): CollectedOutput<unknown> {
    const output = this.outputs.get(name);
    if (output === undefined || this.#bridges.has(name)) {
      throw errors.unknownName(
        'output',
        name,
        this.#ofApp(this.outputs).map(([known]) => known),
      );
    }
    return output;
  }

  /** @throws MillraceError UNKNOWN_NAME */
  input(name: string): PushedInput<object> {
    const input = this.inputs.get(name);
    if (input === undefined || this.#bridges.has(name)) {
      throw errors.unknownName(
        'input',
        name,
        this.#ofApp(this.inputs).map(([known]) => known),
      );
    }
    return input;
  }

  /** Tuples that have gone through an end. */
  tuplesOf(stage: Stage): number {
    const name = stageName(stage);
    return this.inputs.get(name)?.tuplesPushed ?? this.outputs.get(name)?.tuplesRead ?? 0;
  }

  /** Time in which an input had no room. */
  blockedMsOf(stage: Stage): number {
    return this.inputs.get(stageName(stage))?.blockedMs ?? 0;
  }

  /** True while the app, or a bridge, may push into some input, or has something to hand on. */
  get isAtWork(): boolean {
    return this.#bridges.isAtWork || [...this.inputs.values()].some(({ isEnded }) => !isEnded);
  }

  /** True while the app is at an output: it has yet to come to what it does behind the loop. */
  get isRead(): boolean {
    return this.#ofApp(this.outputs).some(([, { demand }]) => demand === 'held' || demand === 'asked');
  }

  /** True once some output has thrown why the job failed. */
  get hasThrown(): boolean {
    return this.#ofApp(this.outputs).some(([, { hasThrown }]) => hasThrown);
  }

  /** Names of what still takes tuples: sinks, and outputs that have not been closed. */
  get openEnds(): string[] {
    return this.#plan.graph.operators
      .filter(({ name, outputs }) => outputs.length === 0 && this.outputs.get(name)?.demand !== 'closed')
      .map(({ name }) => name);
  }

  endInputs(): void {
    for (const [, input] of this.#ofApp(this.inputs)) input.end();
    this.#bridges.stop();
  }

  closeInputs(): void {
    this.#bridges.close();
    for (const input of this.inputs.values()) input.close();
  }

  /** Makes the outputs throw, once they have given what is there. */
  failOutputs(error: unknown): void {
    for (const output of this.outputs.values()) output.fail(error);
  }
}
