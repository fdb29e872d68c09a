// Every error that Millrace raises: one class, a stable code, and all texts in this file.
// Each text names the rule, the offending value and the remedy.
// Relies on nothing; every layer may import it.

/** What went wrong, as a stable identifier that programs may compare. */
export type ErrorCode =
  | 'USAGE'
  | 'BAD_OPTION'
  | 'BAD_SCHEMA'
  | 'BAD_FLOW'
  | 'DUPLICATE_NAME'
  | 'UNKNOWN_KEY_FIELD'
  | 'BAD_AGGREGATE'
  | 'AGGREGATE_OVERFLOW'
  | 'NO_CONSUMER'
  | 'UNKNOWN_FIELD'
  | 'BAD_VALUE'
  | 'BAD_KEY'
  | 'BAD_BACKUP'
  | 'ASYNC_CLOSURE'
  | 'RETURNED_TUPLES'
  | 'LATE_EMIT'
  | 'SURPLUS_ARGUMENTS'
  | 'TUPLE_TOO_LARGE'
  | 'OUTBOX_FULL'
  | 'STATE_FULL'
  | 'OUT_OF_MEMORY'
  | 'READER_SLOTS'
  | 'CODE_GENERATION'
  | 'MODULE_IMPORT'
  | 'NO_FLOW'
  | 'FLOW_DIFFERS'
  | 'RUN_IN_WORKER'
  | 'START_TIMEOUT'
  | 'TYPESCRIPT_MODULE'
  | 'INPUT_FILE'
  | 'INPUT_CHANGED'
  | 'FILE_CONFLICT'
  | 'BAD_CSV'
  | 'OPERATOR_FAILED'
  | 'SINK_FAILED'
  | 'SOURCE_CONTRACT'
  | 'WORKER_START'
  | 'WORKER_DIED'
  | 'WORKER_HUNG'
  | 'WORKER_STUCK'
  | 'WORKER_KILLED'
  | 'TUPLE_KILLED_WORKER'
  | 'NO_SPARE'
  | 'STATE_DAMAGED'
  | 'RESTART_INTENSITY'
  | 'JOB_CANCELLED'
  | 'JOB_CLOSED'
  | 'UNKNOWN_NAME'
  | 'OUTPUT_TAKEN'
  | 'STALE_STATE'
  | 'TABLE_CHANGED'
  | 'NOT_REPEATABLE'
  | 'SIMULATION_FAILED'
  | 'INVARIANT';

/** Facts about an error, for programs: operator, field, value, key, position, file, line, option… */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The one error class of Millrace. `code` is stable; `details` carries the facts that the message names. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MillraceError';
    this.code = code;
    this.details = details;
  }
}

const SHOWN_CHARACTERS_MAX = 80;

/** JSON has no form for bigints. */
const withBigints = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

/** A short, safe rendering of any value for an error text. */
export function show(value: unknown): string {
  let text: string;
  if (typeof value === 'string') text = JSON.stringify(value);
  else if (typeof value === 'function') text = `function ${value.name || '(anonymous)'}`;
  else if (typeof value === 'bigint') text = `${value}n`;
  else if (Object.is(value, -0)) text = '-0';
  else if (value instanceof Uint8Array) text = `Uint8Array(${value.length})`;
  else if (typeof value === 'object' && value !== null) {
    try {
      text = JSON.stringify(value, withBigints) ?? String(value);
    } catch {
      text = Object.prototype.toString.call(value);
    }
  } else text = String(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

/** Bytes for people: 4 MiB, 9.1 MiB, 512 B. */
function showBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Which file it is, and how long. */
export interface FileFacts {
  readonly device: string;
  readonly inode: string;
  readonly bytes: number;
}

const showFile = ({ device, inode, bytes }: FileFacts): string => `inode ${inode} of device ${device}, ${bytes} bytes`;

/** What a cause says, and what to do about it where Node.js does not tell. */
function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const remedy = remedyOf(cause as SystemCause);
  return remedy === undefined ? cause.message : `${cause.message} (${remedy})`;
}

interface SystemCause extends Error {
  readonly code?: string;
  /** Of ERR_ACCESS_DENIED: what is not permitted, and on what. */
  readonly permission?: string;
  readonly resource?: string;
}

/** Flags of node by what they permit. */
const PERMISSION_FLAGS: Readonly<Record<string, string>> = {
  WorkerThreads: '--allow-worker',
  FileSystemRead: '--allow-fs-read',
  FileSystemWrite: '--allow-fs-write',
};

function remedyOf({ code, message, permission = '', resource = '' }: SystemCause): string | undefined {
  if (code === 'ERR_ACCESS_DENIED') {
    const flag = PERMISSION_FLAGS[permission];
    return flag && `run node with ${flag}${resource === '' ? '' : `=${resource}`}`;
  }
  // An error that has crossed threads has lost its code.
  if (/^(EMFILE|ENFILE)\b/.test(code ?? message)) return 'raise the limit of open files, ulimit -n';
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return "keep less in variables of closures and modules, or raise 'resourceLimits', or --max-old-space-size where there are none";
  }
  return undefined;
}

/** One function per error, so that every text stands here. */
export const errors = {
  usage(problem: string): MillraceError {
    return new MillraceError('USAGE', `${problem} (millrace --help tells more)`);
  },
  misspeltOption(typed: string, option: string, flow: string): MillraceError {
    return new MillraceError(
      'USAGE',
      `flow '${flow}' takes no parameter --${typed}: did you mean the option --${option}? After a lone -- it is a parameter for certain`,
      { typed, option, flow },
    );
  },
  badOption(option: string, value: unknown, rule: string, where?: string): MillraceError {
    const whose = where === undefined ? '' : ` of ${where}`;
    return new MillraceError('BAD_OPTION', `option '${option}'${whose} must be ${rule}, got ${show(value)}`, {
      option,
      value,
      ...(where !== undefined && { where }),
    });
  },
  unknownOption(where: string, option: string, known: readonly string[], nearest: string | undefined): MillraceError {
    const remedy =
      nearest === undefined
        ? `use one of ${known.map((name) => `'${name}'`).join(', ')}`
        : `did you mean '${nearest}'?`;
    return new MillraceError('BAD_OPTION', `${where} has no option '${option}': ${remedy}`, { option, known, nearest });
  },
  misplacedOption(operator: string, option: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `option '${option}' of operator '${operator}' stands among its schemas: process(name, schemas, closure, options) takes its options last`,
      { option, operator },
    );
  },
  badSchema(where: string, problem: string): MillraceError {
    return new MillraceError('BAD_SCHEMA', `schema of ${where}: ${problem}`, { where });
  },
  badFlow(flow: string, problem: string): MillraceError {
    return new MillraceError('BAD_FLOW', `flow '${flow}': ${problem}`, { flow });
  },
  duplicateName(flow: string, name: string): MillraceError {
    return new MillraceError(
      'DUPLICATE_NAME',
      `flow '${flow}' has two operators named '${name}': give each operator a name of its own`,
      { flow, operator: name },
    );
  },
  unknownKeyField(operator: string, field: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_KEY_FIELD',
      `keyBy after '${operator}' names the field '${field}', which its tuples do not have: use one of ${known.map((name) => `'${name}'`).join(', ')}`,
      { operator, field, known },
    );
  },
  badAggregate(operator: string, name: string, kind: string, problem: string): MillraceError {
    return new MillraceError('BAD_AGGREGATE', `operator '${operator}': aggregate '${name}' (${kind}) ${problem}`, {
      operator,
      aggregate: name,
    });
  },
  aggregateOverflow(operator: string, name: string, value: string, type: string): MillraceError {
    return new MillraceError(
      'AGGREGATE_OVERFLOW',
      `operator '${operator}': the exact sum '${name}' is ${value}, which does not fit its result's type ${type}: sum without { exact: true } as doubles, or divide the key`,
      { operator, aggregate: name },
    );
  },
  badKeyType(operator: string, field: string, type: string, keyTypes: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_KEY_FIELD',
      `keyBy after '${operator}' names the field '${field}' of type ${type}: a key is ${keyTypes.slice(0, -1).join(', ')} or ${keyTypes.at(-1)}`,
      { operator, field, type },
    );
  },
  noConsumer(flow: string, operator: string): MillraceError {
    return new MillraceError(
      'NO_CONSUMER',
      `the stream of operator '${operator}' in flow '${flow}' has no consumer: end it in a sink (collect, forEach, writeLines), or remove it`,
      { flow, operator },
    );
  },
  unknownField(operator: string, field: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_FIELD',
      `operator '${operator}' emitted a tuple with the field '${field}', which its schema does not have: declare it in the operator's output schema, or emit only ${known.map((name) => `'${name}'`).join(', ')}`,
      { operator, field, known },
    );
  },
  badValue(operator: string, field: string, value: unknown, type: string, rule: string): MillraceError {
    const remedy = value === undefined ? 'set the field in every tuple' : 'emit such a value, or change the schema';
    return new MillraceError(
      'BAD_VALUE',
      `field '${field}' of operator '${operator}' is ${type}, which takes ${rule}; got ${show(value)}: ${remedy}`,
      { operator, field, value: typeof value === 'function' || typeof value === 'symbol' ? show(value) : value, type },
    );
  },
  badKey(operator: string, field: string, value: unknown, type: string, rule: string): MillraceError {
    return new MillraceError(
      'BAD_KEY',
      `key field '${field}' of operator '${operator}' is ${type}, which takes ${rule}; got ${show(value)}: ask for a key of such values`,
      { operator, field, value: typeof value === 'function' || typeof value === 'symbol' ? show(value) : value, type },
    );
  },
  badKeyCount(operator: string, fields: readonly string[], given: number): MillraceError {
    const names = fields.map((name) => `'${name}'`).join(', ');
    return new MillraceError(
      'BAD_KEY',
      `a key of operator '${operator}' takes ${fields.length === 1 ? 'one value' : `${fields.length} values`} (${names}); got ${given}: give one value for each field, in this order`,
      { operator, fields, given },
    );
  },
  noOutput(operator: string): MillraceError {
    return new MillraceError(
      'BAD_FLOW',
      `operator '${operator}' called emit(), but declares no output: add an 'output' schema to its options`,
      { operator },
    );
  },
  notATuple(operator: string, value: unknown): MillraceError {
    return new MillraceError(
      'BAD_VALUE',
      `operator '${operator}' emitted ${show(value)}: a tuple is an object with the fields of the operator's output schema`,
      { operator, value: show(value) },
    );
  },
  asyncClosure(operator: string, what: string): MillraceError {
    return new MillraceError(
      'ASYNC_CLOSURE',
      `the closure of operator '${operator}' ${what}, and nobody awaits or iterates that: an operator's results must be there when its closure returns. Call emit() for each tuple; do what has to be awaited in a source, fromIterable(fields, async function* …), or in the app, between job.output() and job.input()`,
      { operator },
    );
  },
  returnedTuples(operator: string): MillraceError {
    return new MillraceError(
      'RETURNED_TUPLES',
      `the closure of operator '${operator}' returned an array of objects, which nobody reads: call its parameter emit once for each tuple, as in ({ line }, emit) => { for (const word of line.split(' ')) emit({ word }); }`,
      { operator },
    );
  },
  lateEmit(operator: string): MillraceError {
    return new MillraceError(
      'LATE_EMIT',
      `operator '${operator}' called emit after its closure had returned, from a callback, a timer or a promise: what a tuple leads to must be emitted before its closure returns`,
      { operator },
    );
  },
  surplusArguments(what: string, most: number, got: number): MillraceError {
    return new MillraceError(
      'SURPLUS_ARGUMENTS',
      `${what} takes at most ${most} argument${most === 1 ? '' : 's'}, got ${got}: what comes after them would be ignored`,
      { what, most, got },
    );
  },
  tupleTooLarge(operator: string, tupleBytes: number, ringBytes: number): MillraceError {
    return new MillraceError(
      'TUPLE_TOO_LARGE',
      `ring capacity ${showBytes(ringBytes)} cannot hold one tuple of ${showBytes(tupleBytes)} from operator '${operator}' (a frame takes at most half of its ring): raise 'ringBytes'`,
      { operator, tupleBytes, ringBytes },
    );
  },
  outboxFull(operator: string, outboxBytes: number, limitBytes: number): MillraceError {
    return new MillraceError(
      'OUTBOX_FULL',
      `operator '${operator}' emitted ${showBytes(outboxBytes)} beyond the room of its ring within one batch; the outbox holds at most ${showBytes(limitBytes)}: emit less per tuple, await push(), or raise 'outboxBytes'`,
      { operator, outboxBytes, limitBytes },
    );
  },
  stateFull(operator: string, neededBytes: number, limitBytes: number): MillraceError {
    return new MillraceError(
      'STATE_FULL',
      `state of operator '${operator}' needs ${showBytes(neededBytes)} in one arena, which holds at most ${showBytes(limitBytes)}: raise 'stateBytes', or delete rows that are no longer needed`,
      { operator, neededBytes, limitBytes },
    );
  },
  outOfMemory(
    act: 'reserve' | 'grow to',
    purpose: string,
    bytes: number,
    option: string | undefined,
    cause: unknown,
  ): MillraceError {
    const done =
      act === 'reserve' ? `reserve ${showBytes(bytes)} for ${purpose}` : `grow ${purpose} to ${showBytes(bytes)}`;
    const orLower = option === undefined ? '' : `, or lower '${option}'`;
    return new MillraceError(
      'OUT_OF_MEMORY',
      `cannot ${done}: ${messageOf(cause)}. Raise the limit of this process's address space (ulimit -v) or the memory of its machine or container${orLower}`,
      { purpose, bytes, ...(option !== undefined && { option }) },
      cause,
    );
  },
  backupLayout(whose: string, found: string, expected: string): MillraceError {
    return new MillraceError(
      'BAD_BACKUP',
      `backup of ${show(whose)} holds rows of the layout ${found}, where ${expected} is wanted: restore it with the version of the flow and of Millrace that wrote it, or remove it to begin without`,
      { whose, found, expected },
    );
  },
  backupDamaged(whose: string, problem: string): MillraceError {
    return new MillraceError(
      'BAD_BACKUP',
      `backup of ${show(whose)} is damaged: ${problem}. Restore an older one, or remove it to begin without`,
      { whose, problem },
    );
  },
  backupGap(actor: string, after: number, found: number | undefined): MillraceError {
    return new MillraceError(
      'BAD_BACKUP',
      `increment of the backup of ${show(actor)} follows commit ${after}, and the store holds ${found === undefined ? 'none' : `commit ${found}`}: write the backups of an actor in their order, and after a failed write begin with a full one`,
      { actor, after, found },
    );
  },
  readerSlots(operator: string, readers: number, limit: number): MillraceError {
    return new MillraceError(
      'READER_SLOTS',
      `the stream of operator '${operator}' has ${readers} readers; a ring has ${limit} reader slots: lower 'parallelism' of its consumers`,
      { operator, readers, limit },
    );
  },
  codeGeneration(cause: unknown): MillraceError {
    return new MillraceError(
      'CODE_GENERATION',
      'Millrace generates a step function per operator, and this Node.js forbids code generation from strings: start node without --disallow-code-generation-from-strings',
      {},
      cause,
    );
  },
  moduleImport(module: string, cause: unknown): MillraceError {
    return new MillraceError(
      'MODULE_IMPORT',
      `worker cannot import the flow's module ${module}: ${messageOf(cause)}. A flow's module is imported on every worker: pass import.meta.url of a file that can be imported to dataflow()`,
      { module },
      cause,
    );
  },
  flowModule(module: string, cause: unknown): MillraceError {
    return new MillraceError(
      'MODULE_IMPORT',
      `cannot import the module ${module}: ${messageOf(cause)}`,
      { module },
      cause,
    );
  },
  missingModule(module: string): MillraceError {
    return new MillraceError(
      'MODULE_IMPORT',
      `there is no module ${module}: give the path of a file that exports a flow, relative to the working directory`,
      { module },
    );
  },
  noFlow(module: string, flow: string | undefined, found: readonly string[]): MillraceError {
    const wanted = flow === undefined ? 'a flow' : `the flow '${flow}'`;
    const have = found.length === 0 ? 'none' : found.map((name) => `'${name}'`).join(', ');
    return new MillraceError(
      'NO_FLOW',
      `module ${module} does not export ${wanted} (flows it exports: ${have}): export the value of dataflow(import.meta.url, …)`,
      { module, flow, found },
    );
  },
  severalFlows(module: string, found: readonly string[]): MillraceError {
    return new MillraceError(
      'NO_FLOW',
      `module ${module} exports several flows (${found.map((name) => `'${name}'`).join(', ')}) and none as default: choose one with --flow NAME`,
      { module, found },
    );
  },
  flowDiffers(flow: string): MillraceError {
    return new MillraceError(
      'FLOW_DIFFERS',
      `flow '${flow}' was built differently on a worker than in the app: its build function must depend on its params only`,
      { flow },
    );
  },
  importTimeout(module: string, worker: number, limitMs: number): MillraceError {
    return new MillraceError(
      'START_TIMEOUT',
      `worker ${worker} has not imported the flow's module ${module} within ${limitMs} ms. A flow's module is imported on every worker: make sure that what it awaits at its top level comes there too, or raise 'startTimeoutMs'`,
      { phase: 'import', module, worker, limitMs },
    );
  },
  openTimeout(kind: 'source' | 'sink', operators: readonly string[], worker: number, limitMs: number): MillraceError {
    const names = operators.map((name) => `'${name}'`).join(' or ');
    return new MillraceError(
      'START_TIMEOUT',
      `open() of ${kind} ${names} has not ended on worker ${worker} within ${limitMs} ms: make sure that what it waits for answers, or raise 'startTimeoutMs'`,
      { phase: 'open', operator: operators[0], operators, worker, limitMs },
    );
  },
  runInWorker(flow: string): MillraceError {
    return new MillraceError(
      'RUN_IN_WORKER',
      `run() of flow '${flow}' was called while a Millrace worker imports its module: call run() in another module than the flow's, or only if isMainThread of node:worker_threads is true`,
      { flow },
    );
  },
  typescriptModule(module: string, version: string): MillraceError {
    return new MillraceError(
      'TYPESCRIPT_MODULE',
      `Node.js ${version} cannot import the TypeScript module ${module}: use Node.js 22.18 or newer, or compile it with tsc and run the .js file`,
      { module, version },
    );
  },
  inputFile(path: string, cause: unknown): MillraceError {
    return new MillraceError(
      'INPUT_FILE',
      `cannot read input file ${show(path)}: ${messageOf(cause)}`,
      { path },
      cause,
    );
  },
  inputChanged(path: string, change: 'other' | 'shorter' | 'rewritten', was: FileFacts, is: FileFacts): MillraceError {
    const problem = {
      other: 'its path leads to another file now',
      shorter: 'it was cut',
      rewritten: 'it does not begin with the same bytes any more',
    }[change];
    return new MillraceError(
      'INPUT_CHANGED',
      `input file ${show(path)} has changed while it was read: ${problem} (it was ${showFile(was)}, and is ${showFile(is)}). Nothing is read of another file in its place: run the job again on a file that nobody replaces, cuts or rewrites meanwhile`,
      { path, change, was, is },
    );
  },
  fileConflict(sink: string, path: string, other: string, otherPath: string, otherReads: boolean): MillraceError {
    const spelled = otherPath === path ? '' : ` (as ${show(otherPath)})`;
    const what = otherReads ? `source '${other}' reads` : `sink '${other}' writes, too`;
    return new MillraceError(
      'FILE_CONFLICT',
      `sink '${sink}' would write the file ${show(path)}, which ${what}${spelled}: give the sink a file of its own`,
      { operator: sink, path, other, otherPath },
    );
  },
  badFiles(operator: string, files: unknown): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `'files' of operator '${operator}' must be an array of paths, got ${show(files)}: list the files that it reads or writes, or leave it out`,
      { operator, files },
    );
  },
  badCsv(path: string, line: number, problem: string): MillraceError {
    return new MillraceError(
      'BAD_CSV',
      `${path}, line ${line}: ${problem}. Mend the line, or pass { badRecords: 'skip' } to make such lines dead letters`,
      { path, line },
    );
  },
  skippedCsv(path: string, line: number, problem: string): MillraceError {
    // A file may be full of such records, and a stack costs ten times what the rest of an error does.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return new MillraceError(
        'BAD_CSV',
        `${path}, line ${line}: ${problem}. The record was skipped, as { badRecords: 'skip' } says`,
        { path, line },
      );
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  },
  operatorFailed(operator: string, key: unknown, position: string, cause: unknown): MillraceError {
    const atKey = key === undefined ? '' : `, key ${show(key)}`;
    return new MillraceError(
      'OPERATOR_FAILED',
      `operator '${operator}' failed at ${position}${atKey}: ${messageOf(cause)}. Its batch was rolled back`,
      { operator, key, position },
      cause,
    );
  },
  sinkFailed(operator: string, cause: unknown): MillraceError {
    return new MillraceError('SINK_FAILED', `sink '${operator}' failed: ${messageOf(cause)}`, { operator }, cause);
  },
  workerStart(cause: unknown): MillraceError {
    const isDenied = (cause as SystemCause | undefined)?.code === 'ERR_ACCESS_DENIED';
    const remedy = isDenied
      ? "Node.js's permission model lets a process start threads only with that flag"
      : "Lower 'workers', 'maxWorkers' or 'spares', or raise the limits of threads (ulimit -u), open files (ulimit -n) and address space (ulimit -v)";
    return new MillraceError('WORKER_START', `cannot start a worker thread: ${messageOf(cause)}. ${remedy}`, {}, cause);
  },
  workerDied(worker: number, actors: readonly string[], cause: unknown): MillraceError {
    return new MillraceError(
      'WORKER_DIED',
      `worker ${worker} died with the actors ${actors.map((name) => `'${name}'`).join(', ') || '(none)'}: ${messageOf(cause)}`,
      { worker, actors },
      cause,
    );
  },
  tooFewPartitions(source: string, replicas: number, partitions: number): MillraceError {
    const has = partitions === 1 ? 'has one partition' : `has ${partitions} partitions`;
    return new MillraceError(
      'BAD_OPTION',
      `option 'parallelism' of source '${source}' must be at most ${partitions}, got ${replicas}: it ${has}, each of which is read by one replica. Use a source with more partitions, such as readLines([…]) of several files or generate(…, { partitions }), or set parallelism on the operators behind it`,
      { option: 'parallelism', operator: source, value: replicas, partitions },
    );
  },
  sourceContract(source: string, emitted: number): MillraceError {
    return new MillraceError(
      'SOURCE_CONTRACT',
      `source '${source}' emitted ${emitted} tuples when it was asked for one: read(emit, limit) must emit at most 'limit' tuples`,
      { operator: source, emitted },
    );
  },
  badPosition(source: string, position: unknown, problem: string, cause: unknown): MillraceError {
    return new MillraceError(
      'SOURCE_CONTRACT',
      `the position of source '${source}', ${show(position)}, ${problem}: a position is a small value such as a number or {file, byte}; keep what is larger where open() finds it`,
      { operator: source, position },
      cause,
    );
  },
  rejectedOutsideRead(source: string): MillraceError {
    return new MillraceError(
      'SOURCE_CONTRACT',
      `source '${source}' called reject() outside of read(): keep the record, call wake(), and reject it in the next read()`,
      { operator: source },
    );
  },
  workerHung(worker: number, operator: string | undefined, limitMs: number): MillraceError {
    const where = operator === undefined ? 'outside of any operator' : `in operator '${operator}'`;
    return new MillraceError(
      'WORKER_HUNG',
      `worker ${worker} made no progress for ${limitMs} ms ${where}, and was terminated: make the closure return, or raise 'hangTimeoutMs'`,
      { worker, operator, limitMs },
    );
  },
  workerStuck(worker: number, actors: readonly string[], limitMs: number): MillraceError {
    return new MillraceError(
      'WORKER_STUCK',
      `worker ${worker} was terminated and has not exited within ${limitMs} ms: it hangs in a call that cannot be interrupted. Its actors (${actors.map((name) => `'${name}'`).join(', ') || 'none'}) cannot be taken over, since it may still write: use asynchronous or bounded calls in closures, or raise 'fenceTimeoutMs'`,
      { worker, actors, limitMs },
    );
  },
  workerKilled(worker: number): MillraceError {
    return new MillraceError('WORKER_KILLED', `worker ${worker} was terminated by killWorker()`, { worker });
  },
  tupleKilledWorker(operator: string, deaths: number, cause: unknown): MillraceError {
    return new MillraceError(
      'TUPLE_KILLED_WORKER',
      `a tuple of operator '${operator}' ended its worker ${deaths} times when it was tried alone, the last time with: ${messageOf(cause)}. It is not tried again`,
      { operator, deaths },
      cause,
    );
  },
  noSpare(attempts: number, cause: unknown): MillraceError {
    return new MillraceError(
      'NO_SPARE',
      `no worker could take over: ${attempts} in a row failed while they loaded the flow, the last with: ${messageOf(cause)}. Make sure that the flow's module can be imported again at any time`,
      { attempts },
      cause,
    );
  },
  restartIntensity(supervisor: string, intensity: number, periodMs: number, cause: unknown): MillraceError {
    return new MillraceError(
      'RESTART_INTENSITY',
      `supervisor '${supervisor}' gave up: more than ${intensity} ${intensity === 1 ? 'crash' : 'crashes'} without progress within ${periodMs} ms, the last with: ${messageOf(cause)}. Mend the cause, or raise 'intensity' of its supervision`,
      { supervisor, intensity, periodMs },
      cause,
    );
  },
  stateDamaged(operator: string, replica: number, problem: string): MillraceError {
    return new MillraceError(
      'STATE_DAMAGED',
      `state of replica ${replica} of operator '${operator}' is damaged: ${problem}. Run the job with 'backup', so that it can be restored`,
      { operator, replica, problem },
    );
  },
  jobCancelled(flow: string, cause?: unknown): MillraceError {
    return new MillraceError('JOB_CANCELLED', `job '${flow}' was cancelled`, { flow }, cause);
  },
  inputClosed(input: string): MillraceError {
    return new MillraceError(
      'JOB_CLOSED',
      `input '${input}' takes no more tuples: it was ended, or its job has ended; push before end() and stop()`,
      { input },
    );
  },
  unknownName(kind: string, name: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_NAME',
      `there is no ${kind} '${name}': use one of ${known.map((each) => `'${each}'`).join(', ') || '(none)'}`,
      { kind, name, known },
    );
  },
  outputTaken(name: string): MillraceError {
    return new MillraceError(
      'OUTPUT_TAKEN',
      `output '${name}' already has an iterator: an output is read once, so share what its one iterator yields`,
      { name },
    );
  },
  staleState(operator: string): MillraceError {
    return new MillraceError(
      'STALE_STATE',
      `state of operator '${operator}' was used after its closure had returned: use state only within the call it was passed to`,
      { operator },
    );
  },
  tableChanged(operator: string): MillraceError {
    return new MillraceError(
      'TABLE_CHANGED',
      `a table of operator '${operator}' grew while it was iterated: collect the keys first, then insert`,
      { operator },
    );
  },
  badSlice(operator: string, part: number, parts: number): MillraceError {
    return new MillraceError(
      'BAD_VALUE',
      `slice(part, parts) of a table of operator '${operator}' takes integers with 0 <= part < parts; got ` +
        `slice(${show(part)}, ${show(parts)}): number the parts from 0, as in slice(second % 60, 60)`,
      { operator, part, parts },
    );
  },
  notAnActor(operator: string, what: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `operator '${operator}' is ${what}, which runs in the app's own thread and has no actor to test: test one of ${known.map((name) => `'${name}'`).join(', ') || '(none)'}`,
      { operator, known },
    );
  },
  testedSource(operator: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `operator '${operator}' is a source, which makes its tuples itself: call read() instead of feed() and end()`,
      { operator },
    );
  },
  testedNoSource(operator: string): MillraceError {
    return new MillraceError(
      'BAD_OPTION',
      `operator '${operator}' is no source: hand it tuples by feed() instead of calling read()`,
      { operator },
    );
  },
  notRepeatable(
    operator: string,
    difference: string,
    disturbances: readonly ('rollback' | 'restore')[],
    details: ErrorDetails,
  ): MillraceError {
    const happened = {
      rollback: 'its batch was rolled back and run again',
      restore: 'it went on from a snapshot with fresh closures',
    };
    return new MillraceError(
      'NOT_REPEATABLE',
      `operator '${operator}' ${difference}, when ${disturbances.map((each) => happened[each]).join(' and ')}: it depends on something besides its tuples and its state, such as a variable outside of its closure, the time or chance. Keep that in 'state' or 'tables', or switch the check off ({ ${disturbances.map((each) => `${each}: false`).join(', ')} })`,
      { operator, disturbances, ...details },
    );
  },
  simulationStuck(problem: string): MillraceError {
    return new MillraceError('SIMULATION_FAILED', problem, { problem });
  },
  simulationFailed(flow: string, seed: number, cause: unknown, trace: string): MillraceError {
    return new MillraceError(
      'SIMULATION_FAILED',
      `simulation of flow '${flow}' failed with seed ${seed}: ${messageOf(cause)}. The same flow, options and seed fail again in the same way. What happened last:\n${trace}`,
      { flow, seed, trace },
      cause,
    );
  },
  csvHeader(path: string, field: string, columns: readonly string[]): MillraceError {
    const problem = columns.includes(field)
      ? `names the column '${field}' more than once`
      : `lacks the column '${field}'`;
    return new MillraceError(
      'BAD_CSV',
      `header of ${path} ${problem}; it has ${columns.map((name) => show(name)).join(', ')}: give the schema's fields the names of the columns, or mend the header`,
      { path, line: 1, field, columns },
    );
  },
  invariant(rule: string): MillraceError {
    return new MillraceError(
      'INVARIANT',
      `internal invariant broken: ${rule}. Please report this as a bug of Millrace`,
    );
  },
};

/** The form in which an error crosses threads. */
export interface ErrorRecord {
  code: ErrorCode | undefined;
  name: string;
  message: string;
  stack: string | undefined;
  details: ErrorDetails;
  cause: ErrorRecord | undefined;
}

const CAUSE_DEPTH_MAX = 5;

/** Turns any thrown value into a record that structured clone takes. */
export function toRecord(error: unknown, depth = 0): ErrorRecord {
  if (!(error instanceof Error)) {
    return { code: undefined, name: 'Error', message: show(error), stack: undefined, details: {}, cause: undefined };
  }
  const ours = error instanceof MillraceError;
  const details: Record<string, unknown> = {};
  if (ours) for (const [name, value] of Object.entries(error.details)) details[name] = cloneable(value);
  return {
    code: ours ? error.code : undefined,
    name: error.name,
    message: error.message,
    stack: error.stack,
    details,
    cause: error.cause === undefined || depth >= CAUSE_DEPTH_MAX ? undefined : toRecord(error.cause, depth + 1),
  };
}

/** The error that a record stands for. */
export function fromRecord(record: ErrorRecord): Error {
  const cause = record.cause === undefined ? undefined : fromRecord(record.cause);
  const error =
    record.code === undefined
      ? new Error(record.message, cause === undefined ? undefined : { cause })
      : new MillraceError(record.code, record.message, record.details, cause);
  if (record.code === undefined) error.name = record.name;
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return show(value);
  }
}
