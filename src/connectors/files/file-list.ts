// A source of several files: each is a partition, so replicas can share them.
// Promises: order holds within a file, and none is promised between files.
// Relies on: the source of one file keeps its position in that file.

import { errors } from '../../errors.ts';
import { PARTITIONS_MAX, type SourceDefinition } from '../../flow/source.ts';
import type { Shape, TupleOf } from '../../mailbox/schema.ts';

/**
 * The source of one file, or of a list of files.
 * @param where whose argument the path is
 * @param of makes the source of one
 * @throws MillraceError BAD_OPTION for an empty list, one that is too long, and a file that stands there twice
 */
export function sourceOfFiles<Fields extends Shape, Position>(
  path: string | readonly string[],
  where: string,
  of: (path: string) => SourceDefinition<Fields, TupleOf<Fields>, Position>,
): SourceDefinition<Fields, TupleOf<Fields>, Position> {
  if (!Array.isArray(path)) return of(path as string);
  const paths: readonly string[] = path;
  if (paths.length < 1 || paths.length > PARTITIONS_MAX || new Set(paths).size < paths.length) {
    throw errors.badOption('path', path, `a file's path, or a list of 1 to ${PARTITIONS_MAX} different ones`, where);
  }
  const sources = paths.map(of);
  const [{ fields, start }] = sources;
  return {
    kind: 'reader',
    fields,
    partitions: sources.length,
    files: paths,
    ...(start !== undefined && { start }),
    open: (context) => sources[context.partition].open(context),
  };
}
