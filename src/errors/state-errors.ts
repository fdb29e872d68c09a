// Texts of errors about state and backups that fail their checks.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { show } from './show.ts';

export const stateErrors = {
  stateDamaged(operator: string, replica: number, problem: string): MillraceError {
    return new MillraceError(
      'STATE_DAMAGED',
      `state of replica ${replica} of operator '${operator}' is damaged: ${problem}. Run the job with 'backup', so that it can be restored`,
      { operator, replica, problem },
    );
  },
  backupLayout(whose: string, found: string, expected: string): MillraceError {
    return new MillraceError(
      'BAD_BACKUP',
      `backup of ${show(whose)} holds rows of the layout ${found}, where ${expected} is wanted: restore it with the version of the flow and of Millrace that wrote it, or remove it to begin without`,
      { whose, found, expected },
    );
  },
  backupDamaged(whose: string, problem: string): MillraceError {
    return new MillraceError(
      'BAD_BACKUP',
      `backup of ${show(whose)} is damaged: ${problem}. Restore an older one, or remove it to begin without`,
      { whose, problem },
    );
  },
  backupGap(actor: string, after: number, found: number | undefined): MillraceError {
    return new MillraceError(
      'BAD_BACKUP',
      `increment of the backup of ${show(actor)} follows commit ${after}, and the store holds ${found === undefined ? 'none' : `commit ${found}`}: write the backups of an actor in their order, and after a failed write begin with a full one`,
      { actor, after, found },
    );
  },
};
