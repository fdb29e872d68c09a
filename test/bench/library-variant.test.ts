// Goal: the benchmarks' variant of the library is what it says, and cannot silently become the library itself.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type * as Recovery from '../../bench/flows/recovery.ts';
import * as Internals from '../../bench/micro/internals.ts';
import { Drill } from '../../bench/suites/recovery-drill.ts';
import { editFolder, libraryVariant } from '../../bench/variants/library-variant.ts';
import { openWithoutTransactions } from '../../bench/variants/without-transactions.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-variant-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('an edit replaces its passage, and no pattern in it', () => {
  writeFileSync(join(folder, 'one.js'), 'first(); second();');
  writeFileSync(join(folder, 'two.js'), 'third();');
  editFolder(folder, [{ passage: 'second()', replacement: "two('$&')" }]);
  assert.equal(readFileSync(join(folder, 'one.js'), 'utf8'), "first(); two('$&');");
  assert.equal(readFileSync(join(folder, 'two.js'), 'utf8'), 'third();');
});

test('an edit whose passage is missing or stands twice is refused', () => {
  writeFileSync(join(folder, 'one.js'), 'twice(); twice();');
  writeFileSync(join(folder, 'two.js'), 'once();');
  assert.throws(() => editFolder(folder, [{ passage: 'never()', replacement: '' }]), /exactly one place.*none/);
  assert.throws(() => editFolder(folder, [{ passage: 'twice()', replacement: '' }]), /one\.js, one\.js/);
  assert.throws(() => libraryVariant('test', [{ passage: 'no such passage', replacement: '' }]), /exactly one place/);
});

/** What a transaction leaves in the undo log when it opens a group, and when it inserts a row; and the head that a commit tells. */
function traces(library: typeof Internals): readonly number[] {
  const { allocateArenas, allocateTransaction, CommitLog, GROUP_ROOT, groupHeader } = library;
  const { keyedState, rowLayout, Schema, Transaction, t } = library;
  const transaction = new Transaction('test', allocateTransaction(allocateArenas(2 ** 26)));
  const layout = rowLayout("operator 'test'", Schema.of({ key: t.u32() }, 'key').fields, { count: t.u32() }, {});
  const { table } = keyedState('test', layout, transaction);
  const { undo } = transaction;
  transaction.begin(1);
  const begun = undo.end;
  const stamp = transaction.openGroup(0);
  const opened = undo.end;
  const arena = transaction.arenaOf(0);
  const root = groupHeader(0) + GROUP_ROOT;
  table.upsert(arena, root, 2, stamp, 7);
  // The row is there on both sides.
  assert.ok(table.find(arena, root, 2, 7) >= 0);
  const inserted = undo.end;

  const log = new CommitLog(CommitLog.allocate({ inputs: 1, outputs: 1, counts: 2, finished: 0 }));
  const record = log.lastCommit();
  record.cursors.outputs[0].head = 70;
  log.write(1, record);
  log.commit(1);
  return [opened - begun, inserted - opened, log.lastCommit().cursors.outputs[0].head];
}

test('the variant without transactions saves nothing; the library beside it does', async () => {
  const variant = openWithoutTransactions();
  try {
    assert.deepEqual(traces(await variant.load<typeof Internals>('bench/micro/internals.js')), [0, 0, 0]);
    const [group, row, head] = traces(Internals);
    assert.ok(group > 0 && row > 0);
    assert.equal(head, 70);
  } finally {
    variant.remove();
  }
});

test('a job of the variant counts as a job of the library does, and its copy is deleted', {
  timeout: 120_000,
}, async () => {
  const variant = openWithoutTransactions();
  try {
    const { recoveryFlow, recoveryModule } = await variant.load<typeof Recovery>('bench/flows/recovery.js');
    assert.ok(existsSync(new URL(recoveryModule)));
    assert.notEqual(recoveryModule, new URL('../../bench/flows/recovery.js', import.meta.url).href);
    const drill = await Drill.start({ keys: 100, ratePerSecond: undefined }, { spares: 0, flow: recoveryFlow });
    await drill.reach(10_000);
    // Checks count and sum of every key.
    await drill.end();
    variant.remove();
    assert.equal(existsSync(new URL(recoveryModule)), false);
  } finally {
    variant.remove();
  }
});
