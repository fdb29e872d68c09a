// Files for the tests of sources and sinks, in a folder that is removed after the last test of the file.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

export const folder = mkdtempSync(join(tmpdir(), 'millrace-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** The path of a new file, which does not exist yet. */
export function newPath(extension = '.txt'): string {
  return join(folder, `${files++}${extension}`);
}

/** The path of a new file with this content. */
export function fileOf(content: string | Uint8Array, extension = '.txt'): string {
  const path = newPath(extension);
  writeFileSync(path, content);
  return path;
}
