// The fields of simulated flows in event time: of what is read, and of what comes of it.

import { t } from '../../src/index.ts';

export const FIELDS = {
  key: t.string(),
  team: t.string(),
  mate: t.optional(t.string()),
  number: t.u32(),
  at: t.f64(),
  digest: t.u32(),
  text: t.string(),
};

export const RESULT = {
  key: t.string(),
  all: t.string(),
  start: t.f64(),
  end: t.f64(),
  tuples: t.u32(),
  digest: t.u32(),
};
