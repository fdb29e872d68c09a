// Entry point `millrace/aggregates`: what `keyed.aggregate(name, …)` takes.

export type { Aggregate } from './flow/aggregates/aggregate.ts';
export { count } from './flow/aggregates/count.ts';
export { first, last } from './flow/aggregates/edge.ts';
export { max, min } from './flow/aggregates/extreme.ts';
export { mean } from './flow/aggregates/mean.ts';
export { type SumOptions, sum } from './flow/aggregates/sum.ts';
