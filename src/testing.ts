// Entry point `millrace/testing`: for the tests of apps. Nothing here starts a thread, and nothing needs a certain test runner.

export type { StateEntry, StateRow } from './state/rows/state-reader.ts';
export type { SentMessage, SpawnedActor } from './testing/actors/effects.ts';
export type { ReceivedMessage, StandIn, StandInAnswers } from './testing/actors/stand-in.ts';
export { type TestActor, testActor } from './testing/actors/test-actor.ts';
export {
  type DeadMail,
  type FailedActor,
  type StandInOptions,
  type TestSystem,
  testSystem,
} from './testing/actors/test-system.ts';
export type { TestActorOptions, TestSystemOptions } from './testing/actors/test-system-options.ts';
export type { RunningTimer, TestedActor } from './testing/actors/tested-actor.ts';
export { ExactlyOnce, type ExactlyOnceReport, type Violation, type ViolationKind } from './testing/exactly-once.ts';
export { type OperatorTest, type TestedState, testOperator } from './testing/operator-test.ts';
export { type Simulated, simulate } from './testing/simulate.ts';
export type { SimulateOptions } from './testing/simulate-options.ts';
export type { TestOptions } from './testing/test-options.ts';
export type { FeedOptions, TestedInput } from './testing/tested-input.ts';
