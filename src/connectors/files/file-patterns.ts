// Which files a pattern or a folder leads to.
// Promises: files only, each once, in the order of the arguments and sorted within each. A path that leads to a file is that file, whatever
// is in its name. What finds nothing is an error.
// Relies on tinyglobby for patterns; it is loaded when there is one.

import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { errors } from '../../errors.ts';

const statPath = promisify(fs.stat);

/** What no ordinary name has in it, or has rarely: `*`, `?`, `[ab]`, `{a,b}`. */
const MAGIC = /[*?]|\[.+\]|\{.*,.*\}/;

const isFolder = (path: string): boolean => path.endsWith('/') || (process.platform === 'win32' && path.endsWith('\\'));

/** True of what stands for files that are to be found: a folder, with its slash, or a pattern. */
export const isPattern = (path: string): boolean => isFolder(path) || MAGIC.test(path);

/**
 * The files that paths, folders and patterns lead to.
 * @throws MillraceError (as a rejection) INPUT_FILE if one of them leads to none
 */
export async function findFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const path of paths) for (const file of await filesAt(path)) found.add(file);
  return [...found];
}

async function filesAt(path: string): Promise<readonly string[]> {
  if (!isPattern(path)) return [path];
  const isFile = await statPath(path).then(
    (stat) => stat.isFile(),
    () => false,
  );
  if (isFile) return [path];
  const { base, pattern } = partsOf(path);
  const { glob } = await import('tinyglobby');
  const files = await glob(pattern, { cwd: base === '' ? '.' : base, expandDirectories: false });
  if (files.length === 0) throw errors.noFiles(path, process.cwd());
  return files.sort().map((file) => base + file);
}

/** The folder that a pattern begins in, with its slash, and what is to be found there. */
function partsOf(path: string): { base: string; pattern: string } {
  if (!MAGIC.test(path)) return { base: path, pattern: '*' };
  const base = path.slice(0, path.slice(0, path.search(MAGIC)).lastIndexOf('/') + 1);
  const rest = path.slice(base.length);
  return { base, pattern: rest.endsWith('/') ? `${rest}*` : rest };
}
