// What tells a mistake in the command line from a failure.

/** Around an error that another command line would avoid: exit code 2. */
export class WrongUsage {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}
