// Subject `commit`: what a batch costs besides its tuples, in a replica with one input and one output: the commit slot, the
// commit point, the look whether there is something to publish, and the undo log's next transaction.

import { allocateArenas, allocateTransaction, CommitLog, Schema, Transaction, t } from './internals.ts';
import { Stream } from './stream.ts';
import type { Subject } from './subject.ts';

const COMMITS = 200;
const STATE_BYTES = 2 ** 26;

export function commit(): Subject {
  const stream = new Stream('commit', Schema.of({ key: t.u32() }, 'commit'));
  const log = new CommitLog(CommitLog.allocate({ inputs: 1, outputs: 1, counts: 2, finished: 0 }));
  const record = log.lastCommit();
  const transaction = new Transaction('commit', allocateTransaction(allocateArenas(STATE_BYTES)));
  let number = 0;
  return {
    name: 'commit',
    unit: 'ns',
    ours: {
      operations: COMMITS,
      run: () => {
        for (let i = 0; i < COMMITS; i++) {
          number = (number + 1) | 0;
          stream.output.save(record.cursors.outputs[0]);
          log.write(number, record);
          log.commit(number);
          stream.publish();
          transaction.begin((number + 1) | 0);
        }
      },
    },
    baselines: {},
  };
}
