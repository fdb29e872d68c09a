// A view on a terminal whose tuples go to a file as well.
// Promises: the slower of the two sets the pace.

import type { View } from './view.ts';

/** What is shown by one view, with tuples and dead letters also for another one that writes them. */
export const teeView = (shown: View, written: Pick<View, 'tuples' | 'letter'>): View => ({
  everyMs: shown.everyMs,
  tuples(output, batch) {
    void shown.tuples(output, batch);
    return written.tuples(output, batch);
  },
  letter(letter) {
    void shown.letter(letter);
    return written.letter(letter);
  },
  progress: (sample, tally) => shown.progress(sample, tally),
  log: (text) => shown.log(text),
  note: (text) => shown.note(text),
  close: (summary, tally) => shown.close(summary, tally),
});
