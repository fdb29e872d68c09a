// Source texts that the loops of a program have in common: of a row's key group, arena and time, and of when a loop ends early.

import type { StageInput } from '../../flow/plan.ts';
import type { KeyCodec } from '../../mailbox/columns/codec.ts';
import { keyGroupCode, positionGroupCode } from '../../mailbox/hash.ts';
import { TimeCell } from '../time/time-cells.ts';
import type { ProgramParts } from './parts.ts';

/** An expression that is true if one of the outputs says so; empty if there is none. */
export const anyOutput = ({ ports }: ProgramParts, says: 'isBatchFull' | 'spilled'): string =>
  ports.map((_, output) => `output${output}.${says}`).join(' || ');

/** A statement that leaves a loop when enough is written for a commit. */
export function leaveWhenFull(parts: ProgramParts, leave: string): string {
  const isFull = anyOutput(parts, 'isBatchFull');
  return isFull === '' ? '' : `if (${isFull}) ${leave}`;
}

/** Source text of the key group of a row, within the loop of its upstream stream. */
export function groupOfRowCode({ isOrdered, isUnordered }: StageInput, u: number, row: string): string {
  if (isOrdered) return positionGroupCode(`(base + (${row} >>> shift))`);
  return isUnordered ? positionGroupCode(`(base + ${row})`) : keyGroupCode(`decoder${u}.hashAt(${row})`);
}

/** Takes up the event time of a row. That none is earlier than its inputs have said is made sure of: results rely on it. */
export function timeOfRowCode({ streams }: ProgramParts, u: number, row: string): string {
  if (streams[u].written.time === undefined) return '';
  return `{ const at = decoder${u}.timeAt(${row}); if (at < time[${TimeCell.earliest}]) ranBack(at); time[${TimeCell.inWork}] = at; }`;
}

/** Statements that leave a loop for timers that are due already. */
export function leaveWhenDue({ timers }: ProgramParts, leave: string): string {
  return timers?.isInEventTime === true ? `if (timers.nextAtMs <= time[${TimeCell.watermark}]) ${leave}` : '';
}

/** The fields of an input that are its key. */
export function keyFields({ key = [], schema }: StageInput): { index: number; codec: KeyCodec }[] {
  return key.map((index) => ({ index, codec: schema.fields[index].codec.key as KeyCodec }));
}

export const arenasOf = ({ state }: ProgramParts): number => state?.transaction.arenas.length ?? 0;

/** The arena, or the state object, of key group `g`: a constant if there is only one. */
export const perArena = (parts: ProgramParts, what: 'arena' | 'view'): string =>
  arenasOf(parts) === 1 ? `${what}0` : `${what}s[g >>> ${parts.state?.transaction.arenaShift}]`;

/** Statements for the state object of a row in key group `g`, for the closure and its timers. */
export const viewCode = (parts: ProgramParts, row: string): string => `const view = ${perArena(parts, 'view')};
view.row = ${row};
${parts.timers === undefined ? '' : 'timers.view = view;'}
${parts.clockTimers === undefined ? '' : 'clockTimers.view = view;'}`;

/** Statements that do what a call leaves out of what the operator has failed at; what it cannot go on without goes, with the key's row. */
export const leftOutCode = (call: string): string => `context.isLeftOut = true;
try { ${call} } catch { context.removed = true; }
context.isLeftOut = false;`;
