// Which files the sources and sinks of a flow use, so that no sink empties what a source reads or another sink writes.
// Promises: nothing is opened. A file is known by what it is (device and inode) and not by its path, so links and spellings do
// not hide it; one that is yet to be made is known by its folder and its name there.
// Relies on: the working directory is that of the workers. What is no regular file (a pipe, a terminal) may be used by several.

import { type BigIntStats, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errors } from '../../errors.ts';
import type { Graph, OperatorNode } from '../../flow/graph.ts';

/** As many symbolic links as Linux follows. */
const LINKS_MAX = 40;

interface Use {
  readonly operator: string;
  readonly path: string;
  readonly reads: boolean;
}

/**
 * Looks at the files of a graph's sources and sinks.
 * @throws MillraceError FILE_CONFLICT if a sink's file is another operator's as well; BAD_OPTION for `files` that are no paths
 */
export function checkFiles({ operators }: Pick<Graph, 'operators'>): void {
  const uses = new Map<string, Use>();
  const sourcesFirst = [...operators].sort((one, other) => Number(isSink(one)) - Number(isSink(other)));
  for (const node of sourcesFirst) {
    for (const path of filesOf(node)) {
      const key = fileKey(path);
      if (key === undefined) continue;
      const before = uses.get(key);
      const { name: operator } = node;
      if (before === undefined) uses.set(key, { operator, path, reads: !isSink(node) });
      else if (isSink(node) && before.operator !== operator) {
        throw errors.fileConflict(operator, path, before.operator, before.path, before.reads);
      }
    }
  }
}

const isSink = ({ sink }: OperatorNode): boolean => sink !== undefined;

function filesOf({ name, source, sink, listing }: OperatorNode): readonly string[] {
  const files: unknown = sink === undefined ? (listing ?? (source?.kind === 'reader' && source.files)) : sink.files;
  if (files === undefined || files === false) return [];
  const isPath = (path: unknown): path is string => typeof path === 'string' && path !== '' && !path.includes('\0');
  if (!Array.isArray(files) || !files.every(isPath)) throw errors.badFiles(name, files);
  return files;
}

/** What a path leads to, equal for all paths that lead to the same file; undefined for what is no regular file. */
function fileKey(path: string): string | undefined {
  const stat = attempt(() => statSync(path, { bigint: true }));
  if (stat !== undefined) return stat.isFile() ? idOf(stat) : undefined;
  return newFileKey(resolve(path), LINKS_MAX);
}

/** Of a file that is not there, or cannot be looked at: opening it says what is wrong. */
function newFileKey(path: string, linksLeft: number): string {
  const isLink = attempt(() => lstatSync(path))?.isSymbolicLink() === true;
  if (isLink && linksLeft > 0) return newFileKey(resolve(dirname(path), readlinkSync(path)), linksLeft - 1);
  const folder = attempt(() => realpathSync(dirname(path)));
  const stat = folder === undefined ? undefined : attempt(() => statSync(folder, { bigint: true }));
  if (folder === undefined || stat === undefined) return path;
  const name = basename(path);
  return `${idOf(stat)}/${foldsCase(folder, stat) ? name.normalize('NFC').toLowerCase() : name}`;
}

const idOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;

/** True if the file system takes names in other letters for the same: asked of the folder's own name. */
function foldsCase(folder: string, stat: BigIntStats): boolean {
  const name = basename(folder);
  const other = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase();
  if (other === name) return false;
  const found = attempt(() => statSync(join(dirname(folder), other), { bigint: true }));
  return found !== undefined && idOf(found) === idOf(stat);
}

function attempt<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
