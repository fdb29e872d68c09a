// Texts of errors about limits of memory, each with the option that raises it.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { showBytes } from './show.ts';
import { messageOf } from './system-cause.ts';

export const limitErrors = {
  tupleTooLarge(operator: string, tupleBytes: number, ringBytes: number): MillraceError {
    return new MillraceError(
      'TUPLE_TOO_LARGE',
      `ring capacity ${showBytes(ringBytes)} cannot hold one tuple of ${showBytes(tupleBytes)} from operator '${operator}' (a frame takes at most half of its ring): raise 'ringBytes'`,
      { operator, tupleBytes, ringBytes },
    );
  },
  outboxFull(operator: string, outboxBytes: number, limitBytes: number): MillraceError {
    return new MillraceError(
      'OUTBOX_FULL',
      `operator '${operator}' emitted ${showBytes(outboxBytes)} beyond the room of its ring within one batch; the outbox holds at most ${showBytes(limitBytes)}: emit less per tuple, await push(), or raise 'outboxBytes'`,
      { operator, outboxBytes, limitBytes },
    );
  },
  stateFull(operator: string, neededBytes: number, limitBytes: number): MillraceError {
    return new MillraceError(
      'STATE_FULL',
      `state of operator '${operator}' needs ${showBytes(neededBytes)} in one arena, which holds at most ${showBytes(limitBytes)}: raise 'stateBytes', or delete rows that are no longer needed`,
      { operator, neededBytes, limitBytes },
    );
  },
  outOfMemory(
    act: 'reserve' | 'grow to',
    purpose: string,
    bytes: number,
    option: string | undefined,
    cause: unknown,
  ): MillraceError {
    const done =
      act === 'reserve' ? `reserve ${showBytes(bytes)} for ${purpose}` : `grow ${purpose} to ${showBytes(bytes)}`;
    const orLower = option === undefined ? '' : `, or lower '${option}'`;
    return new MillraceError(
      'OUT_OF_MEMORY',
      `cannot ${done}: ${messageOf(cause)}. Raise the limit of this process's address space (ulimit -v) or the memory of its machine or container${orLower}`,
      { purpose, bytes, ...(option !== undefined && { option }) },
      cause,
    );
  },
};
