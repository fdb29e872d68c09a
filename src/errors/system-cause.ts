// What the cause of an error says, with a remedy where Node.js gives none: permissions, descriptors, memory of a thread.
// Relies on the codes and texts of Node.js's own errors.

/** What a cause says, and what to do about it where Node.js does not tell. */
export function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const remedy = remedyOf(cause as SystemCause);
  return remedy === undefined ? cause.message : `${cause.message} (${remedy})`;
}

export interface SystemCause extends Error {
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

/** What Node.js says of what it has not found: the specifier, and who imports it. */
const NOT_FOUND = /^Cannot find (package|module) '([^']+)'(?: imported from (.+))?/;

/** True of the failure to find what a module imports. An error that has crossed threads has lost its code. */
export const isNotFound = (cause: unknown): boolean => cause instanceof Error && NOT_FOUND.test(cause.message);

/** The package that a specifier is of; undefined for a path. */
const packageOf = (specifier: string): string | undefined =>
  /^[./]|^file:|^[A-Za-z]:\\/.test(specifier) ? undefined : /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];

function notFoundRemedy(message: string): string | undefined {
  const [found, , specifier] = NOT_FOUND.exec(message) ?? [];
  if (found === undefined) return undefined;
  const name = packageOf(specifier);
  return name === undefined
    ? 'there is no such file: mend the path in the import'
    : `it is not installed there: npm install ${name}`;
}

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
  return notFoundRemedy(message);
}
