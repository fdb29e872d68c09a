// What is wrong with a command line of the benchmarks: shown with the usage, and without a stack.

export class BadCommandLine extends Error {}
