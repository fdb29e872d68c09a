// What is said of a record whose value does not fit somewhere within.

import { show } from '../errors.ts';
import type { Misfit } from '../mailbox/columns/codec.ts';

export const misfitReason = (field: string, { path, label, rule, value }: Misfit): string =>
  `field '${field}${path}' is ${label}, which takes ${rule}; got ${show(value)}`;
