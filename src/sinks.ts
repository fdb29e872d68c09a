// Entry point `millrace/sinks`: where the tuples of a flow go to, besides the app's own thread.
// Each function returns what `stream.to(name, …)` takes. A sink of your own is an object of the SinkDefinition contract.

export { type WriteCsvOptions, writeCsv } from './connectors/csv/write-csv.ts';
export { type WriteJsonOptions, writeJson } from './connectors/json/write-json.ts';
export { type WriteLinesOptions, writeLines } from './connectors/lines/write-lines.ts';
export type { TellDefinition } from './flow/bridge.ts';
export type { SinkContext, SinkDefinition, SinkWriter } from './flow/sink.ts';
export type { Letter } from './system/flows/letters.ts';
export { tell } from './system/flows/tell.ts';
