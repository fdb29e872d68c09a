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
  aggregateShared(operator: string, name: string, field: string): MillraceError {
    return new MillraceError(
      'AGGREGATE_SHARED',
      `operator '${operator}': 'add' of the custom aggregate '${name}' puts one object into the field '${field}' of several keys, which would change together: make a new one for each`,
      { operator, aggregate: name, field },
    );
  },
  aggregateField(
    operator: string,
    name: string,
    field: string,
    known: readonly string[],
    meant: string | undefined,
  ): MillraceError {
    const question = meant === undefined ? '' : `. Did you mean '${meant}'?`;
    return new MillraceError(
      'AGGREGATE_FIELD',
      `operator '${operator}': the custom aggregate '${name}' uses the field '${field}', which its 'state' does not have (it has ${known.join(', ') || 'none'}): declare it there, or mend the name${question}`,
      { operator, aggregate: name, field },
    );
  },
  aggregateFailed(operator: string, name: string, part: string, cause: unknown): MillraceError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new MillraceError(
      'AGGREGATE_FAILED',
      `operator '${operator}': '${part}' of the custom aggregate '${name}' failed: ${reason}`,
      { operator, aggregate: name },
      cause,
    );
  },
  aggregateOverflow(operator: string, name: string, value: string, type: string): MillraceError {
    return new MillraceError(
      'AGGREGATE_OVERFLOW',
      `operator '${operator}': the exact sum '${name}' is ${value}, which does not fit its result's type ${type}: sum a field of numbers, which gives a double, or divide the key`,
      { operator, aggregate: name },
    );
  },
};
