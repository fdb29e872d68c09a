// What a supervisor reports of a crash: the four fields of OTP's supervisor report, and their text for logs.
// Promises: the text of any report is of bounded length, however deep its causes and long its stacks.

/** What happened to the offender: it died, it could not start, it had to be killed at shutdown, or it is a supervisor that gave up. */
export type CrashContext = 'childTerminated' | 'startError' | 'shutdownError' | 'escalation';

/** A report as OTP's supervisors make it. */
export interface CrashReport {
  /** Path of the supervisor whose child it is: 'job' or 'job/operator'. */
  readonly supervisor: string;
  /** What the child was at. */
  readonly context: CrashContext;
  /** What it died of. */
  readonly reason: Error;
  /** Which child. */
  readonly offender: {
    /** Undefined if a worker died with actors of several operators. */
    readonly operator?: string;
    /** Its number, if it is one replica. */
    readonly replica?: number;
    /** The worker that hosted it. */
    readonly worker: number;
    /** Of the tuple in work, if it is known. */
    readonly position?: string;
  };
}

const CAUSE_DEPTH_MAX = 5;
const STACK_LINES_MAX = 5;
const LINE_CHARACTERS_MAX = 500;

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => (line.length > LINE_CHARACTERS_MAX ? `${line.slice(0, LINE_CHARACTERS_MAX)}…` : line));
}

/** An error with its causes, one under the other; the innermost with the top of its stack, since there the fault lies. */
function reasonLines(reason: Error): string[] {
  const lines: string[] = [];
  let error: unknown = reason;
  for (let depth = 0; ; depth++) {
    const name = error instanceof Error ? ((error as { code?: unknown }).code ?? error.name) : undefined;
    const text = error instanceof Error ? `${name}: ${error.message}` : String(error);
    lines.push(...linesOf(depth === 0 ? text : `caused by ${text}`));
    if (!(error instanceof Error)) return lines;
    if (error.cause === undefined || depth === CAUSE_DEPTH_MAX) {
      const frames = linesOf(error.stack ?? '').filter((line) => /^\s+at /.test(line));
      return [...lines, ...frames.slice(0, STACK_LINES_MAX)];
    }
    error = error.cause;
  }
}

function offenderText({ operator, replica, worker, position }: CrashReport['offender']): string {
  const parts = [operator !== undefined && `operator '${operator}'`, replica !== undefined && `replica ${replica}`];
  return [...parts, `worker ${worker}`, position !== undefined && `at ${position}`].filter(Boolean).join(', ');
}

/** A report as text of several lines, for a log. */
export function renderCrashReport({ supervisor, context, reason, offender }: CrashReport): string {
  const fields: [string, string[]][] = [
    ['supervisor', [supervisor]],
    ['context', [context]],
    ['reason', reasonLines(reason)],
    ['offender', [offenderText(offender)]],
  ];
  const rows = fields.flatMap(([name, lines]) =>
    lines.map((line, row) => `    ${(row === 0 ? `${name}:` : '').padEnd('supervisor: '.length)}${line}`),
  );
  return ['SUPERVISOR REPORT', ...rows].join('\n');
}
