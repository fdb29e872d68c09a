// Texts of errors about sources, sinks and their files.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { type FileFacts, show, showFile } from './show.ts';
import { messageOf } from './system-cause.ts';

/** Where in a file something is wrong with a record, and what. */
export interface CsvTrace {
  /** The number of the cell in its record, from 1. */
  readonly column?: number;
  readonly field?: string;
  /** The record. */
  readonly text?: string;
  readonly reason?: string;
}

const columnOf = ({ column }: CsvTrace): string => (column === undefined ? '' : ` (column ${column})`);

/** What a file that is to be written lacks if there is no such place. An error that has crossed threads has lost its code. */
function folderRemedy(cause: unknown): string {
  const path = /^ENOENT\b.*\bopen '(.+)'$/.exec(cause instanceof Error ? cause.message : '')?.[1];
  const folder = path && /^(.*)[\\/]/.exec(path)?.[1];
  return folder ? `. Make the folder ${show(folder)} first` : '';
}

export const connectorErrors = {
  outputFile(path: string, cause: unknown): MillraceError {
    return new MillraceError(
      'SINK_FAILED',
      `--output cannot write ${path}: ${messageOf(cause)}. Give the path of a file that can be written`,
      { path },
      cause,
    );
  },
  outputOverModule(path: string, module: string): MillraceError {
    return new MillraceError(
      'FILE_CONFLICT',
      `--output would write over ${show(path)}, which is the flow's module ${show(module)}: give it a file of its own`,
      { path, other: module },
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
  noFiles(pattern: string, folder: string): MillraceError {
    return new MillraceError(
      'INPUT_FILE',
      `no file matches ${show(pattern)} (in ${show(folder)}): make one before the job starts, or mend the pattern; '**' goes through folders, and names that begin with a dot are left out`,
      { path: pattern },
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
  followedLost(path: string, file: string): MillraceError {
    return new MillraceError(
      'INPUT_CHANGED',
      `the file that was followed at ${show(path)} (device and inode ${file}) is not in its folder any more, and had not been read to its end: let rotated files stay there for a while, uncompressed, and run the job again`,
      { path, file },
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
  badCsv(path: string, line: number, problem: string, trace: CsvTrace = {}): MillraceError {
    return new MillraceError(
      'BAD_CSV',
      `${path}, line ${line}: ${problem}${columnOf(trace)}. Mend the line, or pass { badRecords: 'skip' } to make such lines dead letters`,
      { path, line, ...trace },
    );
  },
  emptyCsv(path: string, line: number, skipLines: number): MillraceError {
    const isCut = line <= skipLines;
    const problem = isCut
      ? `the file ends within the ${skipLines} lines that { skipLines: ${skipLines} } leaves out`
      : 'the file has no header, and nothing else';
    const remedy = isCut
      ? 'Pass the number of lines that are before the header'
      : 'Write a header first, pass { header: false } if its files have none, or leave the file out: among the files of a pattern an empty one is none';
    // Nobody's record is lost with a file that has none.
    const isEmpty = !isCut || line === 1;
    return new MillraceError('BAD_CSV', `${path}, line ${line}: ${problem}. ${remedy}`, { path, line, isEmpty });
  },
  skippedCsv(path: string, line: number, problem: string, trace: CsvTrace): MillraceError {
    // A file may be full of such records, and a stack costs ten times what the rest of an error does.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return new MillraceError(
        'BAD_CSV',
        `${path}, line ${line}: ${problem}${columnOf(trace)}. The record was skipped, as { badRecords: 'skip' } says`,
        { path, line, ...trace },
      );
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  },
  badJson(path: string, line: number, problem: string, isSkipped: boolean, trace: CsvTrace): MillraceError {
    const { stackTraceLimit } = Error;
    if (isSkipped) Error.stackTraceLimit = 0;
    const remedy = isSkipped
      ? "The line was skipped, as { badRecords: 'skip' } says"
      : "Mend the line, or pass { badRecords: 'skip' } to make such lines dead letters";
    try {
      return new MillraceError('BAD_JSON', `${path}, line ${line}: ${problem}. ${remedy}`, { path, line, ...trace });
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  },
  /** @param nearest which of the columns may have been meant; `field` is what the schema calls `column` */
  csvHeader(
    path: string,
    field: string,
    column: string,
    columns: readonly string[],
    nearest: string | undefined,
  ): MillraceError {
    const problem = columns.includes(column)
      ? `names the column '${column}' more than once`
      : `lacks the column '${column}'`;
    return new MillraceError(
      'BAD_CSV',
      `header of ${path} ${problem}; it has ${columns.map((name) => show(name)).join(', ')}: say which column each field is of, as in { header: { ${field}: ${nearest === undefined ? "'…'" : show(nearest)} } }, or mend the header`,
      { path, line: 1, field: column, columns },
    );
  },
  inputStream(source: string, cause: unknown): MillraceError {
    if (cause instanceof MillraceError) return cause;
    return new MillraceError(
      'INPUT_STREAM',
      `the stream of source '${source}' failed: ${messageOf(cause)}`,
      { operator: source },
      cause,
    );
  },
  noTupleChunk(source: string, chunk: unknown): MillraceError {
    return new MillraceError(
      'INPUT_STREAM',
      `the stream of source '${source}' gave ${show(chunk)}, and must give objects with the fields of its schema: parse what it gives first, lines by readline.createInterface({ input: stream }), or read files by readLines, readCsv or readJson`,
      { operator: source },
    );
  },
  streamNotResumed(source: string, position: number): MillraceError {
    return new MillraceError(
      'INPUT_STREAM',
      `the stream of source '${source}' would have to be opened again after tuple ${position}, for its worker died or a batch was rolled back, and it cannot: pass { resume: 'replay' } if open() gives the same tuples again, { resume: 'seek' } if it can open the stream at its position, or push the stream into the job by job.input(name).pushAll(stream), where nothing that was pushed is lost`,
      { operator: source, position },
    );
  },
  notReopened(error: unknown, because: Error | undefined): unknown {
    if (because === undefined || !(error instanceof MillraceError) || error.code !== 'INPUT_STREAM') return error;
    const { code, message, details } = error;
    return new MillraceError(code, `${message}. What was rolled back had failed: ${because.message}`, details, because);
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
  badProgress(source: string, progress: unknown): MillraceError {
    return new MillraceError(
      'SOURCE_CONTRACT',
      `progress() of source '${source}' gave ${show(progress)}: return { done, total }, two numbers from 0 on in one unit, such as bytes, or undefined while the end is not known`,
      { operator: source, progress },
    );
  },
  rejectedOutsideRead(source: string): MillraceError {
    return new MillraceError(
      'SOURCE_CONTRACT',
      `source '${source}' called reject() outside of read(): keep the record, call wake(), and reject it in the next read()`,
      { operator: source },
    );
  },
  sinkFailed(operator: string, cause: unknown): MillraceError {
    return new MillraceError(
      'SINK_FAILED',
      `sink '${operator}' failed: ${messageOf(cause)}${folderRemedy(cause)}`,
      { operator },
      cause,
    );
  },
};
