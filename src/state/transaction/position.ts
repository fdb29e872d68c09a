// Where a source goes on, as commits keep it: any small value that can be cloned.
// Promises: a number takes two cells and no encoding; anything else is kept as bytes. What is kept shares nothing with what was
// given. The zero of new memory means that nothing has been read yet.
// Relies on: cells are doubles, which hold six bytes each without a loss.

import { deserialize, serialize } from 'node:v8';
import { errors } from '../../errors.ts';

export const POSITION_BYTES_MAX = 240;
const BYTES_PER_CELL = 6;
/** A kind, and the number or the bytes. */
export const POSITION_CELLS = 1 + POSITION_BYTES_MAX / BYTES_PER_CELL;

/** The first cell: nothing, a number, or two more than so many bytes. */
const NOTHING = 0;
const NUMBER = 1;
const BYTES = 2;

/**
 * What a commit can keep of a position.
 * @throws MillraceError SOURCE_CONTRACT
 */
export function copyOfPosition(source: string, position: unknown): unknown {
  if (typeof position === 'number') return position;
  let bytes: Buffer;
  try {
    bytes = serialize(position);
  } catch (cause) {
    throw errors.badPosition(source, position, 'cannot be cloned', cause);
  }
  if (position === undefined || bytes.length > POSITION_BYTES_MAX) {
    const problem = position === undefined ? 'is undefined' : `takes ${bytes.length} bytes`;
    throw errors.badPosition(source, position, `${problem}; it may take ${POSITION_BYTES_MAX}`, undefined);
  }
  return deserialize(bytes);
}

/** Writes a position, of which {@link copyOfPosition} has taken a copy, into {@link POSITION_CELLS} cells. */
export function writePosition(to: Float64Array, at: number, position: unknown): void {
  if (position === undefined) {
    to[at] = NOTHING;
    return;
  }
  if (typeof position === 'number') {
    to[at] = NUMBER;
    to[at + 1] = position;
    return;
  }
  const bytes = serialize(position);
  to[at] = BYTES + bytes.length;
  for (let i = 0, cell = at + 1; i < bytes.length; i += BYTES_PER_CELL, cell++) {
    to[cell] = bytes.readUIntBE(i, Math.min(BYTES_PER_CELL, bytes.length - i));
  }
}

export function readPosition(from: Float64Array, at: number): unknown {
  const kind = from[at];
  if (kind === NOTHING) return undefined;
  if (kind === NUMBER) return from[at + 1];
  const bytes = Buffer.alloc(kind - BYTES);
  for (let i = 0, cell = at + 1; i < bytes.length; i += BYTES_PER_CELL, cell++) {
    bytes.writeUIntBE(from[cell], i, Math.min(BYTES_PER_CELL, bytes.length - i));
  }
  return deserialize(bytes);
}

/** True if two positions are the same place. */
export const equalPositions = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (typeof a === 'object' && typeof b === 'object' && serialize(a).equals(serialize(b)));
