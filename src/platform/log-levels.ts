// How urgent a line of a log is, as `console` has it.

/** From the least to the most urgent. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** How urgent a line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** True of an object with a method for each level. */
export const hasLogMethods = (given: unknown): boolean =>
  typeof given === 'object' &&
  given !== null &&
  LOG_LEVELS.every((level) => typeof (given as Readonly<Record<string, unknown>>)[level] === 'function');
