// Goal: the benchmarks' variant of the library is what it says, and cannot silently become the library itself.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type * as Recovery from '../../bench/flows/recovery.ts';
import { Drill } from '../../bench/suites/recovery-drill.ts';
import { editFolder, libraryVariant } from '../../bench/variants/library-variant.ts';
import { openWithoutTransactions } from '../../bench/variants/without-transactions.ts';
import type * as UndoLogModule from '../../src/state/transaction/undo-log.ts';

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

test('the variant without transactions saves nothing; the library beside it does', async () => {
  const variant = openWithoutTransactions();
  try {
    const theirs = await variant.load<typeof UndoLogModule>('src/state/transaction/undo-log.js');
    const ours: typeof UndoLogModule = await import('../../src/state/transaction/undo-log.ts');
    const saved = ({ UndoLog }: typeof UndoLogModule): boolean => {
      const log = new UndoLog(UndoLog.allocate(2 ** 20));
      log.begin(1);
      const before = log.end;
      log.save(0, Int32Array.of(1, 2, 3), 0, 3);
      return log.end > before;
    };
    assert.equal(saved(ours), true);
    assert.equal(saved(theirs), false);
    assert.equal(theirs.saveRowCode(4), '');
    assert.notEqual(ours.saveRowCode(4), '');
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
