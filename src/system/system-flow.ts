// The flow that a system of actors is: mail from the app and from actors meets the rows of its receivers, and becomes mail again.
// Promises: every worker hosts one replica of the actors; a replica has the actors whose ids have its key groups.

import { push } from '../connectors/push.ts';
import type { OperatorKind } from '../flow/kinds/kind.ts';
import { checkOperator } from '../flow/operator-options.ts';
import { Stream } from '../flow/stream.ts';
import { Schema } from '../mailbox/schema.ts';
import { type Dataflow, dataflow } from '../supervisor/job/flow.ts';
import { Definitions } from './definitions.ts';
import { MAIL } from './mail.ts';
import { Placement } from './placement.ts';
import { ROW, TABLES } from './rows.ts';
import type { SystemRules } from './worker/desk.ts';
import { SystemResident } from './worker/system-resident.ts';

export const ACTORS = 'actors';
export const FROM_APP = 'mail';
export const TO_APP = 'answers';

export interface SystemParams {
  readonly workers: number;
  readonly definitions: SharedArrayBuffer;
  readonly rules: SystemRules;
  /** See placement.ts. */
  readonly placement: SharedArrayBuffer;
}

/** The actors of a system. */
const actors: OperatorKind = { name: 'actors', role: 'operator', place: 'worker' };

const flow = dataflow(import.meta.url, 'actor-system', (builder, params: SystemParams) => {
  const mail = builder.source(FROM_APP, push(MAIL)).keyBy('to');
  const output = (name: string) => ({ name, schema: Schema.of(MAIL, `output '${name}' of '${ACTORS}'`) });
  const node = builder.graph.operator(
    ACTORS,
    actors,
    [{ ...mail.asInput(undefined), loop: 0 }],
    [output('mail'), output('app')],
    checkOperator(ACTORS, { parallelism: params.workers }),
    {
      state: ROW,
      tables: TABLES,
      resident: (host) =>
        new SystemResident(Definitions.over(params.definitions), host, params.rules, new Placement(params.placement)),
    },
  );
  return Stream.of<typeof MAIL, unknown>(builder.graph, node, 1).collect(TO_APP);
});

/** What is loaded before a worker takes over: a message that killed the worker before is then met in the same place. */
export const systemFlow: Dataflow<SystemParams> = {
  ...flow,
  prepare: ({ definitions }: SystemParams): Promise<void> => Definitions.over(definitions).loadAll(),
};
