// Late lines of a stream: what sources leave out.

import type { Loop } from './loop.ts';

export const late: Loop = {
  open: ({ rows }) => ({
    late: ({ seq, dateTime }) => rows.add(`${seq},${dateTime}`),
  }),
};

/** Those that are later than the allowed lateness. */
export const lateAllowed: Loop = { ...late, allows: true };
