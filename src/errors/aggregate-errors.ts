// Texts of errors about aggregates: of their declaration, and of what they come to.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';

export const aggregateErrors = {
  badAggregate(operator: string, name: string, kind: string, problem: string): MillraceError {
    return new MillraceError('BAD_AGGREGATE', `operator '${operator}': aggregate '${name}' (${kind}) ${problem}`, {
      operator,
      aggregate: name,
    });
  },
  aggregateOverflow(operator: string, name: string, value: string, type: string): MillraceError {
    return new MillraceError(
      'AGGREGATE_OVERFLOW',
      `operator '${operator}': the exact sum '${name}' is ${value}, which does not fit its result's type ${type}: sum without { exact: true } as doubles, or divide the key`,
      { operator, aggregate: name },
    );
  },
};
