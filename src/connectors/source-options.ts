// What the sources and sinks of files share: their paths, and whether files are compressed.
// Promises: a mistake in an argument is a typed error in the app's thread, before any file is opened.

import { errors } from '../errors.ts';
import { toggle } from '../options/kinds.ts';

/** @throws MillraceError BAD_OPTION if it is not a file's path */
export function checkPath(path: string, where: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw errors.badOption('path', path, "a file's path as a string", where);
  }
}

export const GZIP_OPTION = toggle({
  help: 'whether the file is gzip-compressed',
  defaultText: 'by its name: `.gz`',
});

/** Whether a file is gzip-compressed: as the option says, or else by its extension. */
export const isGzip = (path: string, gzip: boolean | undefined): boolean => gzip ?? path.toLowerCase().endsWith('.gz');
