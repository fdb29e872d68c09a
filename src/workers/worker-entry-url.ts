// Where the file is that worker threads load.
// Promises: it is there, or an error says what to do. Millrace inside of a bundle has no such file beside it: threads load files, and
// a bundle is one.

import { existsSync } from 'node:fs';
import { errors } from '../errors.ts';

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker-entry.cts' : './worker-entry.cjs', import.meta.url);

export const WORKER_ENTRY = ENTRY.href;

/** @throws MillraceError BUNDLED */
export function requireWorkerEntry(): void {
  if (!existsSync(ENTRY)) throw errors.bundled(WORKER_ENTRY);
}
