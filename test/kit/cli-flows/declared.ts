// Declares its parameters, and emits what its build function gets of them, as one tuple.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

const params = {
  text: { type: 'string', help: 'any text' },
  share: { type: 'number', default: 0.5, help: 'a share' },
  maxWords: { type: 'integer', isOptional: true, help: 'words at most' },
  dryRun: { type: 'boolean', help: 'writes nothing' },
  pack: { type: ['gzip', 'none'], default: 'none' },
} as const;

export const declared = dataflow(import.meta.url, 'declared', { params }, (flow, given) =>
  flow
    .source(
      'once',
      generate({ given: t.json<typeof given>() }, () => ({ given }), { count: 1 }),
    )
    .collect('given'),
);
