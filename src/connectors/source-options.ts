// What the sources and sinks of files share: their paths, and into how many ranges they are cut.
// Promises: a mistake in an argument is a typed error in the app's thread, before any file is opened.

import { errors } from '../errors.ts';
import { PARTITIONS_MAX } from '../flow/source.ts';
import { value } from '../options/kinds.ts';

/** @throws MillraceError BAD_OPTION if it is not a file's path */
export function checkPath(path: string, where: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw errors.badOption('path', path, "a file's path as a string", where);
  }
}

/** Into how many ranges a file is cut: a number, or as many as the source's operator may have replicas. */
export type Ranges = number | 'auto';

const isRanges = (given: unknown): given is Ranges =>
  given === 'auto' || (Number.isInteger(given) && (given as number) >= 1 && (given as number) <= PARTITIONS_MAX);

export const RANGES_OPTION = value(`'auto', or an integer from 1 to ${PARTITIONS_MAX}`, isRanges, {
  help: 'parts of a large file that replicas can share, cut at the ends of records, with no order between the parts; `auto` for as many as the source may have replicas',
  default: 1,
  page: 'dataflow.md#ranges-of-a-file',
  isMain: true,
});
