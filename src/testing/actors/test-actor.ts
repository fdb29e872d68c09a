// testActor(): one actor in a system of its own, for tests.
// Promises: all that testSystem() does; what is not about the actor itself is about its system.

import { errors } from '../../errors.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { AnyActor, ArgsOf, Spawnable } from '../../system/definition.ts';
import type { LogLine } from '../../system/log.ts';
import type { Ref } from '../../system/ref.ts';
import type { StandIn } from './stand-in.ts';
import {
  checkTestSystemOptions,
  type DeadMail,
  type FailedActor,
  type StandInOptions,
  SystemUnderTest,
  type TestSystem,
} from './test-system.ts';
import type { TestActorOptions } from './test-system-options.ts';
import { TestedActor } from './tested-actor.ts';

/** An actor under test, in a system of its own. */
export class TestActor<Definition extends AnyActor> extends TestedActor<Definition> {
  /** The system that it is in: for other actors, by `spawn`, `get` and `find`. */
  readonly system: TestSystem;
  readonly #run: SystemUnderTest;

  /** @internal */
  constructor(ref: Ref, system: SystemUnderTest) {
    super(ref, system);
    this.system = system;
    this.#run = system;
  }

  /** What the clock of the test shows, in milliseconds. */
  get nowMs(): number {
    return this.#run.nowMs;
  }

  /** Moves the clock: what is due by then happens, and all that comes of it. */
  advance(ms: number): Promise<void> {
    return this.#run.advance(ms);
  }

  /** The same, to a time. */
  advanceTo(ms: number): Promise<void> {
    return this.#run.advanceTo(ms);
  }

  /** Resolves when nothing is left to do at this time. */
  settled(): Promise<void> {
    return this.#run.settled();
  }

  /** Ends the actor when it has handled its mail; now, if `now` is true. Resolves when all that comes of it has been handled. */
  stop(options: { readonly now?: boolean } = {}): Promise<void> {
    this.ref.stop(options);
    return this.#run.settled();
  }

  /** Takes the place of an actor that is to have no part in the test. */
  standIn<Other extends AnyActor>(definition: Other, options?: StandInOptions<Other>): StandIn<Other> {
    return this.#run.standIn(definition, options);
  }

  /** Mail that nobody has handled, since the last call: of all actors of the system. */
  deadLetters(): DeadMail[] {
    return this.#run.deadLetters();
  }

  /** What was logged since the last call, by all actors of the system: lines of all levels, also of messages that have failed. */
  logged(): LogLine[] {
    return this.#run.logged();
  }

  /** Failures since the last call: of all actors of the system. */
  failures(): FailedActor[] {
    return this.#run.failures();
  }
}

/**
 * Tests one actor, in this thread: `tell` and `ask` it, `advance` the clock, then look at its `state` and at what it has `sent()`. It
 * is handled by the code that handles it on a worker; so are the actors that it spawns. See docs/testing.md.
 * @param definition what `actor()` has made
 * @throws MillraceError BAD_OPTION, BAD_VALUE of args
 */
export function testActor<Definition extends AnyActor>(
  definition: Definition & Spawnable<Definition>,
  options: TestActorOptions<ArgsOf<Definition>> = {},
  ...surplus: readonly never[]
): TestActor<Definition> {
  refuseSurplus('testActor(definition, options)', 2, surplus);
  const { args, name, key, restart, ...given } = options;
  const system = new SystemUnderTest(checkTestSystemOptions('testActor()', given));
  if (key === undefined) {
    const spawning = Object.entries({ args, name, restart }).filter(([, value]) => value !== undefined);
    const ref = system.spawn<AnyActor>(definition as AnyActor, Object.fromEntries(spawning));
    return new TestActor(ref as never, system);
  }
  for (const [option, value] of Object.entries({ args, name, restart })) {
    if (value !== undefined) {
      const rule = "left out where 'key' is given: a virtual actor has no arguments, and no name but its key";
      throw errors.badOption(option, value, rule, 'testActor()');
    }
  }
  return new TestActor(system.get<AnyActor>(definition as AnyActor, key) as never, system);
}
