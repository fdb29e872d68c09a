// Where a process answers those who attach to it: a socket in a folder that is only its user's, or on Windows a named pipe.
// Promises: a folder that anybody else could have made, or can look into, is not used.

import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const isWindows = process.platform === 'win32';

/** The folder of all sockets of this user. */
const folder = (): string => join(tmpdir(), `millrace-${userInfo().uid}`);

/** The address of a process, for both ends. */
export const socketPath = (pid: number): string =>
  isWindows ? `\\\\.\\pipe\\millrace-${pid}` : join(folder(), `${pid}.sock`);

/** Makes the folder of sockets, or says why it cannot be used. */
export async function prepareFolder(): Promise<string | undefined> {
  if (isWindows) return undefined;
  const path = folder();
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      return `${path} cannot be made: ${(error as Error).message}`;
  }
  const found = await lstat(path);
  const isOurs = found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0;
  return isOurs ? undefined : `${path} is not a folder of this user only`;
}
