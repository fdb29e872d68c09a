// The file of `--output`: where tuples go in place of standard output.
// Promises: it is not emptied if it is the flow's module, or one that the flow reads or writes, or before the job has started; a failure
// to write is an error of the run, and the run has not ended before everything is in the file.

import { createWriteStream, openSync, statSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { errors, MillraceError } from '../errors.ts';
import type { Graph } from '../flow/graph.ts';
import { checkFiles } from '../supervisor/job/file-conflicts.ts';
import { moduleUrlOf } from './flow-module.ts';
import { WrongUsage } from './wrong-usage.ts';

/** As errors name it beside the operators of the flow. */
const NAME = '--output';

/** True if both paths lead to one file that is there. */
function areSame(one: string | URL, other: string | URL): boolean {
  const options = { bigint: true, throwIfNoEntry: false } as const;
  const [a, b] = [statSync(one, options), statSync(other, options)];
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/**
 * Refuses a file that is the flow's module, or one that the flow reads or writes.
 * @throws WrongUsage around FILE_CONFLICT
 */
export function checkOutputFile(path: string, module: string, { operators }: Pick<Graph, 'operators'>): void {
  const sink = { name: NAME, sink: { files: [path] } } as unknown as Graph['operators'][number];
  try {
    if (areSame(path, moduleUrlOf(module))) throw errors.outputOverModule(path, module);
    checkFiles({ operators: [...operators, sink] });
  } catch (cause) {
    throw wrongUsage(path, cause);
  }
}

const wrongUsage = (path: string, cause: unknown): WrongUsage =>
  new WrongUsage(cause instanceof MillraceError ? cause : errors.outputFile(path, cause));

export class OutputFile {
  readonly stream: WriteStream;
  readonly #path: string;

  /**
   * Opens, and empties, the file: once the job has started, since one that cannot start leaves files as they are.
   * @throws WrongUsage around SINK_FAILED if it cannot be written
   */
  constructor(path: string) {
    try {
      this.stream = createWriteStream('', { fd: openSync(path, 'w') });
    } catch (cause) {
      throw wrongUsage(path, cause);
    }
    this.#path = path;
  }

  /** Calls back with the error if it can no longer be written. */
  onFailure(listener: (error: Error) => void): void {
    this.stream.on('error', (cause) => listener(errors.outputFile(this.#path, cause)));
  }

  /** Resolves when everything is in the file. @throws MillraceError SINK_FAILED */
  async close(): Promise<void> {
    this.stream.end();
    try {
      await finished(this.stream);
    } catch (cause) {
      throw errors.outputFile(this.#path, cause);
    }
  }
}
