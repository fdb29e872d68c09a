// Mutants of commit, undo log and recovery: each is right as long as nobody crashes, or dies at the wrong place only.

import { Batch } from '../../../src/actors/batch.ts';
import { Output } from '../../../src/mailbox/output.ts';
import { Ring } from '../../../src/mailbox/ring.ts';
import { RingReader } from '../../../src/mailbox/ring-reader.ts';
import { WakeWords } from '../../../src/mailbox/wake.ts';
import { CommitLog } from '../../../src/state/transaction/commit-log.ts';
import type { CommitRecord } from '../../../src/state/transaction/commit-record.ts';
import { Transaction } from '../../../src/state/transaction/transaction.ts';
import { UndoLog, type UndoSpace } from '../../../src/state/transaction/undo-log.ts';
import { all, type Mutant, notAtAll, replacing } from './mutant.ts';

interface BatchInside {
  readonly record: CommitRecord;
  readonly committed: CommitRecord;
  readonly program: { readonly holder: { flush: () => void; isEmpty(): boolean } | undefined };
  begin(): void;
  readonly isOpen: boolean;
  readonly ports: readonly { readonly output: Output; readonly encoder: { flush(): void } }[];
  readonly inputs: readonly { readonly reader: RingReader }[];
  readonly environment: { readonly wakeWords: WakeWords };
}

interface LogInside {
  slots: readonly [Float64Array, Float64Array];
}

interface UndoInside {
  i32: Int32Array;
  end: number;
  ensure(cells: number): void;
}

/** Cells of an undo log, and where entries begin: as they stand in src/state/transaction/undo-log.ts. */
const TRANSACTION = 0;
const COUNT = 1;
const FIRST = 32;
const TRAILER_CELLS = 2;
const SPACE_SHIFT = 28;

/** Recovery, which is broken by `change`. */
const recoveryWith = (change: () => () => void) =>
  replacing<Batch, [], void>(
    Batch.prototype,
    'applyLastCommit',
    (original) =>
      function () {
        const undo = change();
        try {
          original.call(this);
        } finally {
          undo();
        }
      },
  );

/** Recovery, in which `prototype` has a method that does nothing. */
const recoveryWithout = (prototype: object, name: string) => recoveryWith(replacing(prototype, name, () => () => {}));

/** A commit, before which something happens too early. */
const beforeCommit = (early: (batch: BatchInside) => void) =>
  replacing<BatchInside, [], void>(
    Batch.prototype,
    'commit',
    (original) =>
      function () {
        if (this.isOpen) early(this);
        original.call(this);
      },
  );

let lastWritten: CommitRecord | undefined;
const writeSlot = CommitLog.prototype.write;

/** The generated code that saves a row: its count, and where the count is set. */
const ROW_COUNT = /\nlog\[1\] = end \+ -?\d+;/;
const ROW_ENTRY = 'const log = undo.i32, end = undo.end;';

/** In the generated code of a combiner: where what it holds is forgotten, at a flush and at a rollback. */
const FLUSH_END = 'emitRow(e);\n}\nclear();';
const DISCARD = 'discard() { if (tuples > 0) clear(); }';

export const commitMutants: readonly Mutant[] = [
  {
    name: 'combined rows written twice',
    breaks: 'a combiner keeps what it has flushed, and flushes it with the next batch again',
    caughtBy: 'combining writer fails',
    apply: notAtAll,
    rewrite: (text) => text.replace(FLUSH_END, 'emitRow(e);\n}'),
  },
  {
    name: 'combined rows kept at a rollback',
    breaks: 'a combiner keeps what it holds of a batch that is rolled back',
    caughtBy: 'combining writer fails',
    apply: notAtAll,
    rewrite: (text) => text.replace(DISCARD, 'discard() {}'),
  },
  {
    name: 'combined rows lost at a rollback',
    breaks: 'the source is not taken back with what was combined of its batch',
    caughtBy: 'combining writer fails',
    apply: replacing<BatchInside, [], void>(
      Batch.prototype,
      'rollback',
      (original) =>
        function () {
          const { position } = this.record.progress.source;
          if (this.program.holder !== undefined) this.committed.progress.source.position = position;
          original.call(this);
        },
    ),
  },
  {
    name: 'combined rows behind the commit',
    breaks: 'what is combined is flushed after the commit that says that its tuples have been read',
    caughtBy: 'combining writer crashes',
    apply: replacing<BatchInside, [], void>(
      Batch.prototype,
      'commit',
      (original) =>
        function () {
          const { holder } = this.program;
          if (holder === undefined || !this.isOpen) return void original.call(this);
          const { flush } = holder;
          holder.flush = () => {};
          original.call(this);
          holder.flush = flush;
          if (holder.isEmpty()) return;
          this.begin();
          original.call(this);
        },
    ),
  },
  {
    name: 'publishes before the commit',
    breaks: 'output is published before the commit is stored',
    caughtBy: 'writer crashes',
    apply: beforeCommit(({ ports, environment }) => {
      for (const { encoder, output } of ports) {
        encoder.flush();
        output.publish((output as unknown as { head: number }).head, environment.wakeWords);
      }
    }),
  },
  {
    name: 'releases before the commit',
    breaks: 'input is released before the commit is stored',
    caughtBy: 'reader crashes',
    apply: beforeCommit(({ inputs, environment }) => {
      for (const { reader } of inputs) reader.release(reader.position, environment.wakeWords);
    }),
  },
  {
    name: 'sequence before slot',
    breaks: 'the number of a commit is stored before its slot is written',
    caughtBy: 'reader crashes',
    apply: all(
      replacing<CommitLog, [number, CommitRecord], void>(CommitLog.prototype, 'write', () => (_number, record) => {
        lastWritten = record;
      }),
      replacing<CommitLog, [number], void>(
        CommitLog.prototype,
        'commit',
        (original) =>
          function (number) {
            original.call(this, number);
            writeSlot.call(this, number, lastWritten as CommitRecord);
          },
      ),
    ),
  },
  {
    name: 'one slot for all commits',
    breaks: 'a commit overwrites the slot of the one before',
    caughtBy: 'reader crashes',
    apply: all(
      ...(['write', 'read'] as const).map((name) =>
        replacing<LogInside, unknown[], void>(
          CommitLog.prototype,
          name,
          (original) =>
            function (...values) {
              this.slots = [this.slots[0], this.slots[0]];
              original.apply(this, values);
            },
        ),
      ),
    ),
  },
  {
    name: 'undo count before entry',
    breaks: 'the undo log counts an entry before it is written',
    caughtBy: 'reader crashes',
    apply: replacing<UndoInside, [number, Int32Array, number, number], void>(
      UndoLog.prototype,
      'save',
      () =>
        function (space, from, index, length) {
          this.ensure(length);
          const { i32, end } = this;
          this.end = end + length + TRAILER_CELLS;
          i32[COUNT] = this.end - FIRST;
          for (let i = 0; i < length; i++) i32[end + i] = from[index + i];
          i32[end + length] = index;
          i32[end + length + 1] = (space << SPACE_SHIFT) | length;
        },
    ),
    rewrite: (text) => {
      const [count] = ROW_COUNT.exec(text) ?? [''];
      return text.replace(count, '').replace(ROW_ENTRY, `${ROW_ENTRY}${count}`);
    },
  },
  {
    name: 'rows without undo',
    breaks: 'the undo log does not count the entry of a row before the row is changed',
    caughtBy: 'second transaction',
    apply: notAtAll,
    rewrite: (text) => text.replace(ROW_COUNT, ''),
  },
  {
    name: 'undo log stamped too early',
    breaks: 'the undo log gets the number of the new transaction before the entries of the old one are gone',
    caughtBy: 'reader crashes',
    apply: replacing<UndoInside, [number], void>(
      UndoLog.prototype,
      'begin',
      () =>
        function (transaction) {
          this.i32[TRANSACTION] = transaction;
          this.i32[COUNT] = 0;
          this.end = FIRST;
        },
    ),
  },
  {
    name: 'recovery does not roll back',
    breaks: 'the open transaction of a dead actor stays as it is',
    caughtBy: 'reader crashes',
    apply: replacing(Transaction.prototype, 'rollback', () => () => {}),
  },
  {
    name: 'rollback empties the log first',
    breaks: 'a rollback forgets its images before they are restored',
    caughtBy: 'recovery crashes',
    apply: replacing<UndoLog, [UndoSpace[]], void>(
      UndoLog.prototype,
      'rollback',
      (original) =>
        function (spaces) {
          const { i32, end } = this;
          const images = i32.slice();
          this.empty();
          // refresh() would take up the shared cells again.
          this.i32 = images;
          this.end = end;
          original.call(this, spaces);
        },
    ),
  },
  {
    name: 'recovery does not publish',
    breaks: 'an adopter does not publish what the last commit has written',
    caughtBy: 'writer crashes',
    apply: recoveryWithout(Output.prototype, 'publish'),
  },
  {
    name: 'recovery leaves out the loop',
    breaks: 'an adopter does not publish what the last commit has written to replicas that it reads itself',
    caughtBy: 'loop, one crashes',
    apply: recoveryWith(
      replacing<Output, unknown[], void>(
        Output.prototype,
        'publish',
        (original) =>
          function (...values) {
            if (!this.overflows) original.apply(this, values);
          },
      ),
    ),
  },
  {
    name: 'recovery does not release',
    breaks: 'an adopter does not release what the last commit has read',
    caughtBy: 'full ring, reader crashes',
    apply: recoveryWithout(RingReader.prototype, 'release'),
  },
  {
    name: 'recovery wakes nobody',
    breaks: 'an adopter wakes only who has announced to park',
    caughtBy: 'writer crashes',
    apply: recoveryWithout(WakeWords.prototype, 'wakeUnconditionally'),
  },
  {
    name: "the dead host's number",
    breaks: 'an adopter does not store its number: wake-ups go to the dead host',
    caughtBy: 'reader crashes',
    apply: replacing<Ring, [number, number], void>(
      Ring.prototype,
      'setReaderHost',
      (original) =>
        function (slot, host) {
          if (this.readerHost(slot) === 0) original.call(this, slot, host);
        },
    ),
  },
];
