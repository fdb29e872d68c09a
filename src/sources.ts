// Entry point `millrace/sources`: where the tuples of a flow come from.
// Each function returns what `flow.source(name, …)` takes. A source of your own is an object of the SourceDefinition contract.

export { type CsvPosition, type CsvSource, type ReadCsvOptions, readCsv } from './connectors/csv/read-csv.ts';
export { type FromIterableOptions, fromIterable } from './connectors/from-iterable.ts';
export { type GenerateOptions, generate } from './connectors/generate.ts';
export { type JsonSource, type ReadJsonOptions, readJson } from './connectors/json/read-json.ts';
export { type LineFields, type ReadLinesOptions, readLines } from './connectors/lines/read-lines.ts';
export { push } from './connectors/push.ts';
export {
  type FromReadableOptions,
  fromReadable,
  type ReadableOf,
  type StreamPlace,
} from './connectors/streams/from-readable.ts';
export type { WebReadable } from './connectors/streams/opened-stream.ts';
export type { ToldDefinition } from './flow/bridge.ts';
export type {
  GeneratorDefinition,
  PushDefinition,
  Source,
  SourceContext,
  SourceDefinition,
  SourceReader,
  SourceStatus,
} from './flow/source.ts';
export { told } from './system/flows/told.ts';
