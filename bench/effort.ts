// How much time a run of the benchmarks takes: what `--quick`, nothing and `--full` mean to a suite.

/** `quick` shows that everything works; `usual` gives figures within ten minutes; `full` gives those that are published. */
export type Effort = 'quick' | 'usual' | 'full';

/** A number of rounds, a length of runs: one for each effort. */
export type By<Value> = Readonly<Record<Effort, Value>>;
