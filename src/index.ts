// What users import from 'millrace'.

export type {
  Emit,
  KeyedStream,
  OperatorOptions,
  OutputHandle,
  ProcessOptions,
  StateOf,
  Stream,
} from './actors/dataflow.ts';
export type { SinkContext, SinkDefinition, SinkWriter } from './actors/sink.ts';
export type {
  Source,
  SourceContext,
  SourceDefinition,
  SourcePosition,
  SourceReader,
  SourceStatus,
} from './actors/source.ts';
export type { ErrorCode, ErrorDetails } from './errors.ts';
export { MillraceError } from './errors.ts';
export type { Field, FieldType, Shape, TupleOf } from './mailbox/schema.ts';
export { t } from './mailbox/schema.ts';
export type { TableDefinition } from './state/row-layout.ts';
export { table } from './state/row-layout.ts';
export type { StateTable } from './state/state-table.ts';
export type { Dataflow } from './supervisor/flow.ts';
export { dataflow } from './supervisor/flow.ts';
export type {
  Job,
  JobEvent,
  JobInput,
  JobMetrics,
  JobOutput,
  OperatorMetrics,
  ReplicaMetrics,
  RunOptions,
} from './supervisor/job-api.ts';
