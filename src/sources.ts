// Entry point `millrace/sources`: where the tuples of a flow come from.
// Each function returns what `flow.source(name, …)` takes. A source of your own is an object of the SourceDefinition contract.

export type {
  GeneratorDefinition,
  PushDefinition,
  Source,
  SourceContext,
  SourceDefinition,
  SourcePosition,
  SourceReader,
  SourceStatus,
} from './actors/source.ts';
export { type FromIterableOptions, fromIterable } from './actors/sources/from-iterable.ts';
export { type GenerateOptions, generate } from './actors/sources/generate.ts';
export { push } from './actors/sources/push.ts';
export { type ReadCsvOptions, readCsv } from './actors/sources/read-csv.ts';
export { type LineFields, type ReadLinesOptions, readLines } from './actors/sources/read-lines.ts';
