// Checks that the sources and sinks share: what their options are, when the flow is declared.
// Promises: a mistake in an option is a typed error in the app's thread, before any file is opened.
// Relies on nothing but the error texts.

import { errors } from '../errors.ts';

/** @throws MillraceError BAD_OPTION if an option's name is not one of `known` */
export function checkOptionNames(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw errors.badOption('options', options, 'an object');
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) throw errors.unknownOption(where, option, known);
  }
}

/** @throws MillraceError BAD_OPTION if it is not a file's path */
export function checkPath(path: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw errors.badOption('path', path, "a file's path as a string");
  }
}

/** Whether a file is gzip-compressed: as the option says, or else by its extension. */
export function checkGzip(path: string, gzip: boolean | undefined): boolean {
  if (gzip === undefined) return path.toLowerCase().endsWith('.gz');
  if (typeof gzip !== 'boolean') throw errors.badOption('gzip', gzip, 'true or false');
  return gzip;
}
