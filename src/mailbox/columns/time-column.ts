// The column of the event times of tuples: it travels beside the fields, where no closure sees it.
// Promises: a tuple's time is that of what was in work when it was emitted, whatever its fields are.
// Relies on: the program keeps the time in work in `clock` (actors/program/program.ts).

import type { Column, Id } from './codec.ts';
import { DOUBLES, elementOf, numberColumn, numberReading } from './number-column.ts';

/** As the column of field number `id`, which the schema does not have. */
export const timeColumn = (id: Id): Column => numberColumn(id, DOUBLES, 'clock[0]');

const reading = numberReading(DOUBLES);

/** What a decoder declares, does when a frame is opened, and reads row `i` by. */
export const timeReading = {
  variables: reading.variables,
  open: reading.open,
  value: (id: Id): string => elementOf(DOUBLES, id),
};
