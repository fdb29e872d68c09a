// Entry point `millrace/testing`: for the tests of apps. Nothing here starts a thread, and nothing needs a certain test runner.

export type { StateEntry, StateRow } from './state/rows/state-reader.ts';
export { ExactlyOnce, type ExactlyOnceReport, type Violation, type ViolationKind } from './testing/exactly-once.ts';
export { type OperatorTest, type TestedState, testOperator } from './testing/operator-test.ts';
export { type Simulated, simulate } from './testing/simulate.ts';
export type { SimulateOptions } from './testing/simulate-options.ts';
export type { TestOptions } from './testing/test-options.ts';
