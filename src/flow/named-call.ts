// The check of a call that declares an operator: its first argument is the operator's name, and there are no more than it takes.
// Promises: a name that was left out is told before what stands in its place is taken for another argument.

import { errors } from '../errors.ts';
import { refuseSurplus } from '../surplus.ts';

/**
 * @param what the call, as it is written: 'map(name, output, closure, options)'
 * @param most how many arguments it takes
 * @throws MillraceError BAD_FLOW, SURPLUS_ARGUMENTS
 */
export function checkCall(what: string, most: number, name: unknown, surplus: readonly unknown[]): void {
  if (typeof name !== 'string') throw errors.noOperatorName(what, name);
  refuseSurplus(what, most, surplus);
}
