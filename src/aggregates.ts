// Entry point `millrace/aggregates`: what `keyed.aggregate(name, …)` takes.

export type { Aggregate } from './flow/aggregates/aggregate.ts';
export { collect } from './flow/aggregates/collect.ts';
export { count } from './flow/aggregates/count.ts';
export { type CustomAggregate, custom } from './flow/aggregates/custom.ts';
export { distinct } from './flow/aggregates/distinct.ts';
export { first, last } from './flow/aggregates/edge.ts';
export { max, min } from './flow/aggregates/extreme.ts';
export { mean } from './flow/aggregates/mean.ts';
export {
  type ApproxDistinctOptions,
  approxDistinct,
  type QuantileOptions,
  quantile,
} from './flow/aggregates/sketches.ts';
export { type SumOptions, sum } from './flow/aggregates/sum.ts';
export { type TopOptions, topN } from './flow/aggregates/top.ts';
export type { AggregateOptions } from './flow/options/aggregate-options.ts';
