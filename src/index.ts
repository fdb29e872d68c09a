// What users import from 'millrace'.

export type { ErrorCode, ErrorDetails } from './errors.ts';
export { MillraceError } from './errors.ts';
export type { RequestContext } from './flow/asking.ts';
export type { AskDefinition, SystemHandle } from './flow/bridge.ts';
export type { Build, FlowBuilder, FlowDefinition } from './flow/dataflow.ts';
export type { GivenParams, ParamDeclaration, ParamsOf, ParamTable } from './flow/declared-params.ts';
export type { FailurePolicy, Strategy, SupervisionOptions } from './flow/failure-policy.ts';
export type { InputsOf, OutputHandle, OutputsOf, StreamEnd } from './flow/handles.ts';
export type { ConnectedClosures, ConnectedOptions, ConnectedStreams } from './flow/joins/connected-streams.ts';
export type { JoinBounds } from './flow/joins/window-sides.ts';
export type {
  Emit,
  ProcessContext,
  ProcessOptions,
  ProcessSchemas,
  StateOf,
  TimerContext,
} from './flow/keyed-options.ts';
export type { KeyedStream } from './flow/keyed-stream.ts';
export type { EmitOf, EmitTo, NamedOutputs, OutputShapes } from './flow/named-outputs.ts';
export { outputs } from './flow/named-outputs.ts';
export type { OperatorOptions, ParallelismRange, SinkOptions } from './flow/operator-options.ts';
export type { AsyncOptions } from './flow/options/async-options.ts';
export type {
  IntervalOptions,
  JoinKind,
  JoinOptions,
  LookupOptions,
  TableOptions,
} from './flow/options/join-options.ts';
export type { DeduplicateOptions, SampleOptions, ThrottleOptions } from './flow/options/thinning-options.ts';
export type { EventTimeOptions } from './flow/options/time-options.ts';
export type { ScanOptions } from './flow/scan.ts';
export type { SinkContext, SinkDefinition, SinkWriter } from './flow/sink.ts';
export type {
  Source,
  SourceContext,
  SourceDefinition,
  SourceReader,
  SourceStatus,
} from './flow/source.ts';
export type { SourceProgress } from './flow/source-progress.ts';
export type { Stream, StreamOrStreams, StreamsOf, TimedStream } from './flow/stream.ts';
export type { WindowBounds, WindowedStream } from './flow/windows/windowed-stream.ts';
export type { Field, FieldType, JsonField, Shape, StandardSchema, TupleOf, ValueOf } from './mailbox/schema.ts';
export { t } from './mailbox/schema.ts';
export type { LogLevel } from './platform/log-levels.ts';
export type { Backup, BackupStore, MemoryBackup } from './state/images/backup.ts';
export { memoryBackup } from './state/images/backup.ts';
export type { Checkpoint } from './state/images/checkpoint.ts';
export type { TableDefinition } from './state/rows/row-layout.ts';
export { table } from './state/rows/row-layout.ts';
export type { StateTable } from './state/rows/state-table.ts';
export type { Timer, Timers } from './state/timers/timers.ts';
export type { MetricsOptions, UiOptions } from './supervisor/dashboard/page-options.ts';
export type { JobUrls } from './supervisor/dashboard/pages.ts';
export type { Decision } from './supervisor/elasticity/scaling/decision.ts';
export type { ScalingOptions, ScalingPolicy } from './supervisor/elasticity/scaling/scaling-options.ts';
export type { JobEventMessage } from './supervisor/job/events/diagnostics.ts';
export type { JobLogger, JobLogLine } from './supervisor/job/events/event-log.ts';
export type {
  JobEvent,
  JobEventOf,
  JobEventType,
  ListenOptions,
  Occurrence,
  Occurrences,
} from './supervisor/job/events/job-event.ts';
export type { Dataflow, FlowParts } from './supervisor/job/flow.ts';
export { dataflow } from './supervisor/job/flow.ts';
export type {
  DeadLetter,
  DeadLetters,
  Job,
  JobInput,
  JobOutput,
  JobState,
  ReplicaName,
  ScaleResult,
  WorkerInfo,
} from './supervisor/job/job-api.ts';
export type { ProfileOptions } from './supervisor/job/job-profile.ts';
export type { Notice, NoticeKind, NoticeOption } from './supervisor/job/notices/notices.ts';
export type { RunOptions } from './supervisor/job/run-options.ts';
export type { StallWait } from './supervisor/job/stalls/stall.ts';
export type { Stall } from './supervisor/job/stalls/stall-detector.ts';
export type { GroupShare, JobRates, OperatorRates, ReplicaRates } from './supervisor/readings/between.ts';
export { between } from './supervisor/readings/between.ts';
export type { Hint } from './supervisor/readings/hints.ts';
export type {
  GroupCounts,
  JobReading,
  OperatorReading,
  OutputReading,
  ReplicaReading,
} from './supervisor/readings/job-reading.ts';
export type { JobTopology, TopologyEdge, TopologyOperator } from './supervisor/readings/job-topology.ts';
export type { Latency, LatencyReading } from './supervisor/readings/latency.ts';
export type { TimeInput, TimeInputState, TimeReading } from './supervisor/readings/time-reading.ts';
export type { BackupOptions } from './supervisor/recovery/backups.ts';
export type { CrashContext, CrashReport } from './supervisor/recovery/crash-report.ts';
export { renderCrashReport } from './supervisor/recovery/crash-report.ts';
export type { NodeState } from './supervisor/supervision/child.ts';
export { supervisionTree } from './supervisor/supervision/root.ts';
export type { SupervisionNode } from './supervisor/supervision/tree.ts';
export type { WorkerState } from './supervisor/workers/job-worker.ts';
export type { ActorSystem, OpenOptions, SystemMetrics } from './system/app/actor-system.ts';
export type { LoggerOption, LogTarget } from './system/app/logger.ts';
export type { Inbox, InboxContext, InboxHandlers } from './system/app/open-inbox.ts';
export { actorSystem } from './system/app/start-system.ts';
export type { SystemEventType, SystemOccurrences } from './system/app/system-events.ts';
export type { ActorContext, ActorSpace, ActorTimers, SpawnOptions } from './system/context.ts';
export type {
  ActorDefinition,
  ActorHandlers,
  ActorMailbox,
  ActorParts,
  ActorSupervision,
  InboxDefinition,
} from './system/definition.ts';
export { actor } from './system/definition.ts';
export type { AskStepOptions } from './system/flows/ask.ts';
export { ask } from './system/flows/ask.ts';
export type { ActorGroup, GroupRoute } from './system/group.ts';
export type { InboxParts } from './system/inbox.ts';
export { inbox } from './system/inbox.ts';
export type { ActorLog, LogLine } from './system/log.ts';
export type { ActorRef, Ask, AskOptions, Ended, Tell } from './system/ref.ts';
export type { ActorPlacement, StopOptions, SystemOptions } from './system/system-options.ts';
export type { CpuProfile, CpuProfileNode } from './workers/cpu-profile.ts';
