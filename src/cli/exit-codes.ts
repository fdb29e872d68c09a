// What the command's exit codes mean.

export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
/** Another command line would do. */
export const EXIT_USAGE = 2;
/** The job is done, but for tuples that an operator failed at. */
export const EXIT_DEAD_LETTERS = 3;
export const EXIT_CANCELLED = 130;
