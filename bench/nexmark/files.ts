// Where the files of a trace are.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The path of a file in a folder by its name without `.csv`, plain or compressed. */
export function fileOf(folder: string, name: string): string {
  const path = join(folder, `${name}.csv`);
  return existsSync(path) ? path : `${path}.gz`;
}
