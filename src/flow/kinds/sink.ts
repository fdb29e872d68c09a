import type { OperatorKind } from './kind.ts';

/** The end of a stream in a sink, whose position is part of the commit. */
export const sink: OperatorKind = {
  name: 'sink',
  role: 'sink',
  place: 'worker',
  writesOutside: true,
  step: ({ enter, run, writer, tuple }) => `${enter} ${run(`${writer}.write(${tuple})`)}`,
};
