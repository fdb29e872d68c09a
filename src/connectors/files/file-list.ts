// A source of files: one, or several, each of them whole or in ranges. Each is a partition, so replicas can share them. Those that
// are to be found first are the matter of found-files.ts.
// Promises: order holds within a file, or within a range of one, and none is promised between them.
// Relies on: the source of one file keeps its position in that file.

import { resolve, sep } from 'node:path';
import { errors } from '../../errors.ts';
import { PARTITIONS_MAX, type SourceDefinition } from '../../flow/source.ts';
import type { Shape, TupleOf } from '../../mailbox/schema.ts';
import type { Ranges } from '../source-options.ts';
import { STANDARD_INPUT } from './byte-input.ts';
import { isPattern } from './file-patterns.ts';
import { FileRange } from './file-ranges.ts';
import type { FileSource } from './file-source.ts';
import { followFiles } from './follow-files.ts';
import { foundFiles } from './found-files.ts';
import { lookSlot } from './look-slot.ts';

/** Equal for the spellings of one path, but for a folder and a file of its name. */
const placeOfPath = (path: unknown): unknown =>
  typeof path !== 'string' || path === STANDARD_INPUT ? path : resolve(path) + (/[\\/]$/.test(path) ? sep : '');

/**
 * The source of one file, or of a list of files, or of those that patterns and folders lead to.
 * @param where whose argument the path is
 * @param ranges of each file; 'auto' for as many as the operator may have replicas, undefined if files cannot be cut
 * @param of makes the source of one
 * @param isFollowed whether files are read on at their ends
 * @throws MillraceError BAD_OPTION for an empty list, one that is too long, a file that stands there twice, and too many ranges
 */
export function sourceOfFiles<Fields extends Shape, Position>(
  path: string | readonly string[],
  where: string,
  ranges: Ranges | undefined,
  of: (path: string) => FileSource<Fields, Position>,
  isFollowed = false,
): SourceDefinition<Fields, TupleOf<Fields>, Position> {
  const paths: readonly string[] = Array.isArray(path) ? path : [path];
  const places = paths.map(placeOfPath);
  const twice = paths.findIndex((_, i) => places.indexOf(places[i]) < i);
  if (twice >= 0) throw errors.fileTwice(where, paths[twice], paths[places.indexOf(places[twice])]);
  if (paths.length < 1 || paths.length > PARTITIONS_MAX) {
    throw errors.badOption(
      'path',
      path,
      `a file's path, a folder with its slash, a pattern, or a list of 1 to ${PARTITIONS_MAX} of them`,
      where,
    );
  }
  if (isFollowed) {
    if (ranges !== undefined && ranges !== 1)
      throw errors.badOption('ranges', ranges, '1 of a file that is followed', where);
    return followFiles(paths.map(of), where) as unknown as SourceDefinition<Fields, TupleOf<Fields>, Position>;
  }
  if (paths.some((each) => typeof each === 'string' && isPattern(each))) {
    if (typeof ranges === 'number' && ranges > 1) {
      const rule = "1 or 'auto' where files are found: replicas share them whole";
      throw errors.badOption('ranges', ranges, rule, where);
    }
    // Nobody but its readers looks into a position.
    return foundFiles(paths, of) as unknown as SourceDefinition<Fields, TupleOf<Fields>, Position>;
  }
  const files = paths.map(of);
  if (ranges === undefined) return filesInRanges(files, 1);
  const most = Math.floor(PARTITIONS_MAX / files.length);
  if (ranges !== 'auto' && ranges > most) {
    const rule = `at most ${most} for ${files.length} files, which are ${PARTITIONS_MAX} partitions at most`;
    throw errors.badOption('ranges', ranges, rule, where);
  }
  return {
    ...filesInRanges(files, ranges === 'auto' ? 1 : ranges),
    isUnordered: ranges === 'auto',
    cut: (replicas) => filesInRanges(files, Math.min(replicas, most)),
  };
}

/** The files, each in so many ranges. */
export function filesInRanges<Fields extends Shape, Position>(
  files: readonly FileSource<Fields, Position>[],
  ranges: number,
): SourceDefinition<Fields, TupleOf<Fields>, Position> {
  const [{ fields, start }] = files;
  return {
    kind: 'reader',
    fields,
    start,
    partitions: files.length * ranges,
    files: files.map(({ path }) => path).filter((path) => path !== STANDARD_INPUT),
    open(context) {
      const { file, range } = placeOf(context.partition, files.length, ranges);
      const source = files[file];
      const { path, format, rangeBytesMin } = source;
      if (ranges === 1) return source.open(context, lookSlot(path, context.memory));
      const memoryOf = (other: number): Int32Array => context.memoryOf(partitionOf(file, other, files.length, ranges));
      return source.open(context, new FileRange({ path, format, ranges, rangeBytesMin }, range, memoryOf));
    },
  };
}

/**
 * Ranges are numbered so that replicas with as many partitions each, one behind the other, get a range of each file; and of files
 * that are too short to be cut, whose only range is the first, as many each.
 */
function partitionOf(file: number, range: number, files: number, ranges: number): number {
  return ((range + firstTurn(file, files, ranges)) % ranges) * files + file;
}

function placeOf(partition: number, files: number, ranges: number): { file: number; range: number } {
  const file = partition % files;
  const turn = Math.floor(partition / files);
  return { file, range: (turn + ranges - firstTurn(file, files, ranges)) % ranges };
}

/** Which of the partitions of a file has its first range. */
const firstTurn = (file: number, files: number, ranges: number): number => Math.floor((file * ranges) / files);
