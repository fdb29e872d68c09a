// The check that a public function got no more arguments than it takes.
// Promises: what a caller passes is used, or refused: an argument in the wrong place is never ignored.
// Relies on: each such function collects what comes after its own parameters in `...surplus`.

import { errors } from './errors.ts';

/**
 * @param what the function, as it is called
 * @param most how many arguments it takes
 * @throws MillraceError SURPLUS_ARGUMENTS
 */
export function refuseSurplus(what: string, most: number, surplus: readonly unknown[]): void {
  if (surplus.length > 0) throw errors.surplusArguments(what, most, most + surplus.length);
}
