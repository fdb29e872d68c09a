// Which files a pattern or a folder leads to.
// Promises: files only, each once, in the order of the arguments and sorted within each. A path that leads to a file is that file, whatever
// is in its name. What finds nothing is an error, and so is a file that is not there.
// Relies on tinyglobby for patterns; it is loaded when there is one.

import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { errors } from '../../errors.ts';
import { STANDARD_INPUT } from './byte-input.ts';

const statPath = promisify(fs.stat);
const realPath = promisify(fs.realpath);

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
  const found = new Map<string, string>();
  for (const path of paths)
    for (const file of await filesAt(path)) {
      const place = await placeOf(file);
      if (!found.has(place)) found.set(place, file);
    }
  return [...found.values()];
}

/** Equal for all names of a file, links to it among them. */
async function placeOf(file: string): Promise<string> {
  if (file === STANDARD_INPUT) return file;
  try {
    return await realPath(file);
  } catch (cause) {
    throw errors.inputFile(file, cause);
  }
}

async function filesAt(path: string): Promise<readonly string[]> {
  if (!isPattern(path)) return [path];
  if (await isFileAt(path)) return [path];
  const { base, pattern } = partsOf(path);
  const { glob } = await import('tinyglobby');
  const isDeep = pattern.includes('**');
  const all = await glob(pattern, {
    cwd: base === '' ? '.' : base,
    expandDirectories: false,
    ...(isDeep && { fs: { stat: statOfLink as typeof fs.stat } }),
  });
  const files: string[] = [];
  // A link to a folder is taken for a file there.
  for (const file of all.sort().map((each) => base + each)) if (!isDeep || (await isFileAt(file))) files.push(file);
  if (files.length === 0) throw errors.noFiles(path, process.cwd());
  return files;
}

const isFileAt = (path: string): Promise<boolean> =>
  statPath(path).then(
    (stat) => stat.isFile(),
    () => false,
  );

/** What tinyglobby is told that a symbolic link leads to: never a folder, since `**` would go through it, and round in circles. */
function statOfLink(path: string, callback: (error: Error | null, stat: { isDirectory(): boolean }) => void): void {
  fs.stat(path, (error) => callback(error, { isDirectory: () => false }));
}

/** The folder that a pattern begins in, with its slash, and what is to be found there. */
function partsOf(path: string): { base: string; pattern: string } {
  if (!MAGIC.test(path)) return { base: path, pattern: '*' };
  const base = path.slice(0, path.slice(0, path.search(MAGIC)).lastIndexOf('/') + 1);
  const rest = path.slice(base.length);
  return { base, pattern: rest.endsWith('/') ? `${rest}*` : rest };
}
