// What users import from 'millrace'.

export type {
  Emit,
  KeyedStream,
  OperatorOptions,
  OutputHandle,
  ParallelismRange,
  ProcessOptions,
  StateOf,
  Stream,
} from './actors/dataflow.ts';
export type { FailurePolicy, Strategy, SupervisionOptions } from './actors/failure-policy.ts';
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
export type { Backup, BackupStore, MemoryBackup } from './state/backup.ts';
export { memoryBackup } from './state/backup.ts';
export type { Checkpoint } from './state/checkpoint.ts';
export type { TableDefinition } from './state/row-layout.ts';
export { table } from './state/row-layout.ts';
export type { StateTable } from './state/state-table.ts';
export type { BackupOptions } from './supervisor/backups.ts';
export type { CrashContext, CrashReport } from './supervisor/crash-report.ts';
export { renderCrashReport } from './supervisor/crash-report.ts';
export type { Dataflow } from './supervisor/flow.ts';
export { dataflow } from './supervisor/flow.ts';
export type { GroupShare } from './supervisor/group-loads.ts';
export type {
  DeadLetter,
  DeadLetters,
  Job,
  JobEvent,
  JobInput,
  JobMetrics,
  JobOutput,
  JobState,
  OperatorMetrics,
  ReplicaMetrics,
  ReplicaName,
  RunOptions,
  ScaleResult,
  WorkerInfo,
} from './supervisor/job-api.ts';
export type { Notice, NoticeKind, NoticeOption } from './supervisor/notices.ts';
export type { Decision } from './supervisor/scaling/decide.ts';
export type { ScalingOptions, ScalingPolicy } from './supervisor/scaling/scaling-options.ts';
export type { StallWait } from './supervisor/stall.ts';
export type { Stall } from './supervisor/stall-detector.ts';
export type { NodeState, SupervisionNode } from './supervisor/supervision.ts';
export { supervisionTree } from './supervisor/supervision.ts';
