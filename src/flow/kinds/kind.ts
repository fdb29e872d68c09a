// What an operator's kind says of it: where it runs, what its figures are about, and the code of its step. Kinds are values, each in
// a file of its own: a new kind is one file, and whoever needs to know something about a kind asks its value.
// Promises: no other file tests what kind an operator is of.

/** The texts that a step is made of, in the program that is generated for a replica (src/actors/program/chain.ts). */
interface StepTexts {
  /** The tuple in work. */
  readonly tuple: string;
  /** A statement that says that the next tuple of a source is in work. */
  readonly nextRow: string;
  /** Says that this operator is at work: before a closure of the user's is called. */
  readonly enter: string;
  /** The operator's closure for the input of the tuple, to be called. */
  readonly closure: string;
  /** What its closure emits with: a function, or an object of functions if it has several outputs. */
  readonly emit: string;
  /** A statement that hands the tuple to the operator's holder, if it has one. */
  readonly hold: string;
  /** The writer of its sink. */
  readonly writer: string;
  /** A statement that hands what an expression gives to what is behind one of the operator's outputs, by default the first. */
  feed(expression: string, output?: number): string;
  /** An expression that takes in a time, and is false if a tuple of that time is late. */
  judge(time: string): string;
  /** An expression that is true if a filter's answer is yes. */
  keeps(answer: string): string;
  /** A statement that makes a call of which nothing is used: a result is refused. */
  run(call: string): string;
  /** A statement that throws what an operator behind has failed with; empty if there is none behind. */
  readonly rethrow: string;
}

export interface OperatorKind {
  /** As metrics, events and errors call it. */
  readonly name: string;
  /** What its figures are about: a source is measured by what it writes, all others by what they read. */
  readonly role: 'source' | 'operator' | 'sink' | 'output';
  /** Where its actors run: on workers, or in the app's own thread. */
  readonly place: 'worker' | 'app';
  /** True if its step may fail after it has emitted or fed: what it puts out is then held back while a tuple is tried alone. */
  readonly mayFailAfterEmit?: boolean;
  /** True if its closure may return a promise: results are awaited, and taken when they are there (src/actors/requests/). */
  readonly mayAwait?: boolean;
  /** True if it writes outside of Millrace: that is taken back batch by batch, not for one tuple, and by one replica only. */
  readonly writesOutside?: boolean;
  /**
   * What becomes of one tuple. Undefined if its rows go through the state of their keys (keyed-loop.ts), or if it has no program.
   */
  readonly step?: (texts: StepTexts) => string;
}
