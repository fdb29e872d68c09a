// Every code that an error of Millrace may have: when it comes, and what to do. docs/errors.md is written from this table.
// A code is stable: programs compare it. Its texts, which name the values, stand in the file of its group beside this one.
// Relies on nothing.

/** When an error comes, and what to do about it, in Markdown. */
type CodeFacts = readonly [when: string, remedy: string];

type CodeTable = Readonly<Record<string, Readonly<Record<string, CodeFacts>>>>;

/** Codes by what they are about; the groups are the files `<group>-errors.ts`. */
export const ERROR_CODES = {
  usage: {
    USAGE: ['the command line is wrong', 'see `millrace --help`'],
    BAD_OPTION: ['an option is unknown or out of range; `params` cannot be cloned', 'give what the message asks for'],
    ATTACH_FAILED: [
      '`millrace top` or `millrace inspect` finds no job at a process or an address',
      'run the job with `inspect: true`, or with `ui` and give its address',
    ],
    SURPLUS_ARGUMENTS: ['a call has more arguments than it takes', 'remove those at the end'],
    UNKNOWN_NAME: [
      'there is no such output, input, operator with state or worker',
      'use a name that the message lists',
    ],
  },
  flow: {
    BAD_SCHEMA: ["the name or type of a field cannot be, or a key's type", 'use the types of `t`'],
    BAD_FLOW: ['the graph is wrong; seen before anything runs', 'declare the flow as the message says'],
    DUPLICATE_NAME: ['two operators have one name', 'give each a name of its own'],
    UNKNOWN_KEY_FIELD: ['`keyBy` names a field that is not there or cannot be a key', 'use one of the fields listed'],
    NO_CONSUMER: ['nothing reads a stream', 'end it in a sink, or remove it'],
    UNKNOWN_OUTPUT: [
      'a flow, or a closure, names an output that its operator does not have',
      'use a name that the message lists',
    ],
    NO_SYSTEM: ['a flow that tells or asks actors is run without a system', 'give `run()` the option `system`'],
    NO_EVENT_TIME: [
      'an operator goes by event time, and its stream has none',
      'call `withEventTime()` right behind each source before it',
    ],
    READER_SLOTS: ['more than 64 replicas read one ring', 'lower `parallelism` of the consumers'],
  },
  aggregate: {
    BAD_AGGREGATE: [
      'an aggregate names a field that is not there, or whose values it does not take',
      'use a field that the message lists, or another aggregate',
    ],
    AGGREGATE_FIELD: [
      'a function of a custom aggregate reads or writes a field that its `state` does not have',
      'declare the field in `state`, or mend its name',
    ],
    AGGREGATE_SHARED: ['a custom aggregate keeps one object for several keys', 'make a new object for each key'],
    AGGREGATE_FAILED: ['`merge` or `result` of a custom aggregate threw', 'see the cause'],
    AGGREGATE_OVERFLOW: [
      'an exact sum does not fit the type of its result',
      'sum a field of numbers, which gives a double, or divide the key',
    ],
  },
  start: {
    MODULE_IMPORT: [
      "a flow's module is missing, or fails as it is imported",
      'mend the module: each worker imports it',
    ],
    NO_FLOW: ['a module exports no flow, or several', 'export one as default, or choose by `--flow`'],
    FLOW_DIFFERS: ['a worker built another flow than the app', 'let the build function depend on `params` only'],
    RUN_IN_WORKER: ["`run()` is called while a worker imports the flow's module", 'call it in another module'],
    TYPESCRIPT_MODULE: ['this Node.js cannot import TypeScript', 'use Node.js 22.18 or newer, or tsx, or compile'],
    BUNDLED: [
      'Millrace itself has been bundled: its threads load files of its package',
      'keep `millrace` out of [the bundle](bundles.md)',
    ],
    CODE_GENERATION: [
      'Node.js was started with `--disallow-code-generation-from-strings`',
      'start it without: each operator has generated code',
    ],
    START_TIMEOUT: [
      "an import of the flow's module, or an `open()`, has not ended within `startTimeoutMs`",
      'end what it awaits, or raise the option',
    ],
    LISTEN_FAILED: [
      'the address of `ui` or `metrics` cannot be listened on, for another process does, or it is not of this machine',
      'give another `port`, or 0 for one that is free',
    ],
    WORKER_START: [
      'no thread can be started: a permission is missing, or a limit is reached',
      'pass `--allow-worker`, raise the limit, or lower `workers`',
    ],
  },
  tuple: {
    UNKNOWN_FIELD: ['an emitted tuple has a field that its schema lacks', 'declare the field'],
    BAD_VALUE: ['a value does not fit the type of its field', 'emit such a value, or change the schema'],
    BAD_KEY: ['`job.state().get()` has values of another number or type', 'give one value for each key field'],
    ASYNC_CLOSURE: [
      'the closure of an operator, or a function of a custom aggregate, returns a promise or an iterator',
      'call `emit`; await in `mapAsync` or `flatMapAsync`, or in a source',
    ],
    ASYNC_TIMEOUT: [
      'an attempt of `mapAsync` or `flatMapAsync` has taken `timeoutMs`',
      'raise `timeoutMs`, or give `retries`; end what you await when its `signal` is aborted',
    ],
    ASYNC_DROPPED: [
      'the reason of an aborted `signal`: the job has ended, or another replica asks again',
      'nothing: end what you await',
    ],
    RETURNED_TUPLES: ['the closure of an operator returns an array of objects', 'call `emit` for each'],
    RETURNED_STATE: [
      'the closure of `scan` returns something',
      'assign to fields of its parameter `state`, and return nothing',
    ],
    LATE_EMIT: ['`emit` is called after its closure has returned', 'emit before the closure returns'],
    STALE_STATE: ['state is used after its closure has returned', 'use state within the call it is passed to'],
    BAD_TIME: [
      "a tuple's event time is missing, not finite, or further ahead of the clock than `maxAheadMs`",
      'give milliseconds since the epoch, or a Date; raise `maxAheadMs`',
    ],
    BAD_TIMER: [
      '`context.timers` gets a time that is none; the operator has no `onTimer`; in a test, a timer sets itself again without end',
      'give milliseconds; give the operator an `onTimer`; set the timer for a later time',
    ],
    ENDLESS_TIMER: [
      'in event time, a timer sets itself again and again for a time that has come, or for ever once the input has ended',
      'set it for a later time, and only while there is something to wait for',
    ],
    TABLE_CHANGED: ['a table grows while it is iterated', 'collect the keys first, then insert'],
    OPERATOR_FAILED: ['a closure threw something else; it is the `cause`', 'mend the closure; the batch is undone'],
  },
  limit: {
    TUPLE_TOO_LARGE: ['a tuple takes more than half of its ring', 'raise `ringBytes`'],
    OUTBOX_FULL: [
      'one batch emits more than its outbox holds',
      'emit less per tuple, await `push()`, or raise `outboxBytes`',
    ],
    STATE_FULL: ['an arena of state is full', 'raise `stateBytes`, or delete rows'],
    OUT_OF_MEMORY: ['shared memory cannot be reserved or grown', 'raise `ulimit -v` or the memory of the machine'],
  },
  connector: {
    INPUT_FILE: ['a file is missing or cannot be read', 'see the cause in the message'],
    INPUT_CHANGED: [
      'a file was replaced, cut or rewritten [while it was read](dataflow.md#files-that-change)',
      'run again on a file that stays',
    ],
    FILE_CONFLICT: ["a sink's file is a source's or another sink's, too", 'give the sink a file of its own'],
    BAD_CSV: ['a record or the header does not fit; the message has its line', "mend it, or `{ badRecords: 'skip' }`"],
    BAD_JSON: [
      'a line is no JSON, or does not fit the schema; the message has its line',
      "mend it, or `{ badRecords: 'skip' }`",
    ],
    INPUT_STREAM: [
      'the stream of [`fromReadable`](dataflow.md#streams-as-sources) failed, gave what is no object, or would have to be opened again and cannot',
      'see the cause; give objects; say how it can `resume`, or push it into `job.input()`',
    ],
    SOURCE_CONTRACT: [
      'a source of your own breaks the [contract](own-connectors.md): it emits more than its limit, rejects a record outside of `read()`, or has a position that cannot be cloned',
      'mend the source',
    ],
    SINK_FAILED: ['a sink cannot write, or its closure threw; it is the `cause`', 'see the cause in the message'],
  },
  worker: {
    WORKER_DIED: [
      'a thread ended: out of memory, `process.exit`, a native fault. The reason of a crash; fails the job only while it starts',
      'see the cause',
    ],
    WORKER_HUNG: [
      'a worker made no progress for `hangTimeoutMs`; the reason of a crash',
      'let the closure return, or raise it',
    ],
    WORKER_KILLED: ['`killWorker()` ended the worker; the reason of a crash', 'nothing: the app asked for it'],
    WORKER_STUCK: ['a terminated thread has not exited within `fenceTimeoutMs`', 'use calls that can be interrupted'],
    TUPLE_KILLED_WORKER: ['of a dead letter: the tuple ended its worker whenever it was tried', 'mend the closure'],
    PROFILE_FAILED: [
      'the thread that `job.profile()` looks at has ended, or the job has',
      'call it while the operator runs',
    ],
    NO_SPARE: ['three workers in a row could not load the flow, and one is needed', 'keep the module importable'],
    RESTART_INTENSITY: ['a supervisor gave up; the `cause` is the last crash', 'mend the cause, or raise `intensity`'],
  },
  state: {
    STATE_DAMAGED: ['state in shared memory fails its check', 'run with `backup`'],
    BAD_BACKUP: ['a backup is damaged, out of order, or of another layout', 'restore an older one, or none'],
  },
  system: {
    BAD_ACTOR: ['the definition of an actor is wrong, or a worker cannot find it', 'declare it as the message says'],
    ACTOR_DIFFERS: [
      'two threads have different definitions of one actor',
      'let the definition depend on nothing that differs between threads',
    ],
    UNKNOWN_MESSAGE: ['an actor does not take the message now', 'send one that the message lists'],
    ACTOR_FAILED: ['of an ask: the handler of its message threw; it is the `cause`', 'mend the handler'],
    TARGET_STOPPED: ['of an ask: its target has ended, or was never there', 'see the reason in the message'],
    NAME_TAKEN: ['another actor has the name', 'choose another, or stop that one first'],
    ASK_TIMEOUT: ['an ask was not answered within `timeoutMs`', 'answer it in time, or raise `timeoutMs`'],
    ASK_CYCLE: [
      'an actor awaits an answer of its own, or actors await each other in a ring',
      'tell in place of asking, or keep `context.replyTo` and reply later',
    ],
    NO_REPLY: ['of an ask: the handler came to its end without a reply', 'return the reply, or keep `context.replyTo`'],
    REPLIED_TWICE: ['a message gets a second reply', 'reply once'],
    CONTEXT_OVER: ['a context is used after its message', 'use it before the handler is over; keep values instead'],
    OUTSIDE_OF_ACTOR: ['a worker uses a reference outside of any handler', 'tell and ask within handlers'],
    FOREIGN_REF: ['a reference belongs to another system', 'use references of one system'],
    SYSTEM_STOPPED: ['the system has stopped, or is stopping', 'tell and ask before `stop()`'],
    STOP_TIMEOUT: [
      'actors had not ended when the deadline of `stop()` came',
      'let `stop` hooks end, or raise `timeoutMs`',
    ],
    MAILBOX_FULL: [
      "of an ask, or a dead letter: more mail waits than the actor's `mailbox` allows",
      'send less, or raise `capacity`',
    ],
    HANDLER_TIMEOUT: [
      'an async handler has not ended within `handlerTimeoutMs`',
      'end what it awaits, or raise the option',
    ],
  },
  job: {
    JOB_CANCELLED: ['`cancel()`, or the signal, ended the job', 'nothing: the app asked for it'],
    JOB_CLOSED: ['a push into an input that has ended', 'push before `end()` and `stop()`'],
    OUTPUT_TAKEN: ['an output gets a second iterator', 'share what the first one yields'],
    INVARIANT: ['a fault of Millrace', 'please report it'],
  },
  testing: {
    NOT_REPEATABLE: [
      'an operator, or a handler, depends on more than what it gets and its state',
      'keep that in `state` or `tables`',
    ],
    NOT_SETTLED: ['actors under test send mail without end', 'end that, or raise `stepsMax`'],
    SIMULATION_FAILED: [
      'a simulated job failed, stood still or left something behind',
      'run the seed again; the message has a trace',
    ],
  },
} as const satisfies CodeTable;

type Groups = typeof ERROR_CODES;

/** What went wrong, as a stable identifier that programs may compare: docs/errors.md lists them all. */
export type ErrorCode = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];
