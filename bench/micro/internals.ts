// What the micro-benchmarks, and what measures state, take from the inside of the library, in one place: nobody else may, and files of src/ move.

export { type Decoder, generateDecoder } from '../../src/mailbox/decoder.ts';
export { type Encoder, generateEncoder } from '../../src/mailbox/encoder.ts';
export { keyGroupOf, mix32 } from '../../src/mailbox/hash.ts';
export { allocateOutbox, Output } from '../../src/mailbox/output.ts';
export { Ring } from '../../src/mailbox/ring.ts';
export { RingReader, startMark } from '../../src/mailbox/ring-reader.ts';
export { Schema, type Shape, t } from '../../src/mailbox/schema.ts';
export { generateTupleCopier } from '../../src/mailbox/tuple-copy.ts';
export { WakeWords } from '../../src/mailbox/wake.ts';
export { allocateArenas, GROUP_ROOT, groupHeader } from '../../src/state/memory/arena.ts';
export { type KeyedState, keyedState } from '../../src/state/rows/keyed-state.ts';
export { rowLayout } from '../../src/state/rows/row-layout.ts';
export { keyGroupFinder } from '../../src/state/rows/state-reader.ts';
export { keyedAccess } from '../../src/state/rows/state-table.ts';
export { CommitLog } from '../../src/state/transaction/commit-log.ts';
export { allocateTransaction, Transaction } from '../../src/state/transaction/transaction.ts';
