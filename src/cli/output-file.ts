// The file of `--output`: where tuples go in place of standard output.
// Promises: it is not emptied if it is one that the flow reads or writes; a failure to write is an error of the run, and the run has
// not ended before everything is in the file.

import { createWriteStream, openSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { errors } from '../errors.ts';
import type { Graph } from '../flow/graph.ts';
import { checkFiles } from '../supervisor/job/file-conflicts.ts';
import { WrongUsage } from './flow-module.ts';

/** As errors name it beside the operators of the flow. */
const NAME = '--output';

export class OutputFile {
  readonly stream: WriteStream;
  readonly #path: string;

  /**
   * Opens, and empties, the file.
   * @throws WrongUsage around FILE_CONFLICT, or around USAGE if it cannot be written
   */
  constructor(path: string, { operators }: Pick<Graph, 'operators'>) {
    const sink = { name: NAME, sink: { files: [path] } } as unknown as Graph['operators'][number];
    try {
      checkFiles({ operators: [...operators, sink] });
      this.stream = createWriteStream('', { fd: openSync(path, 'w') });
    } catch (cause) {
      throw new WrongUsage((cause as Error).name === 'MillraceError' ? cause : errors.outputFile(path, cause));
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
