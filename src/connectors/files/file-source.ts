// What sources of several files are made of: the source of each.

import type { SourceContext, SourceReader } from '../../flow/source.ts';
import type { Shape, TupleOf } from '../../mailbox/schema.ts';
import type { FileFormat } from './file-format.ts';
import type { LookMemory } from './file-identity.ts';
import type { FileRange } from './file-ranges.ts';

/** A source of one file, which may be asked for one range of it. */
export interface FileSource<Fields extends Shape, Position> {
  readonly path: string;
  readonly format: FileFormat;
  readonly rangeBytesMin: number;
  readonly fields: Fields;
  readonly start: Position;
  open(
    context: SourceContext<Position>,
    part: FileRange | LookMemory,
  ): Promise<SourceReader<TupleOf<Fields>, Position>>;
}
