// Goal: the cases that are explored hold, and broken variants are caught. All of them: `npm run explore`; here some that take little time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseNamed, cases } from '../../proof/explore/cases/all.ts';
import { explore } from '../../proof/explore/explorer.ts';
import { mutants } from '../../proof/explore/mutants/all.ts';
import { replacing } from '../../proof/explore/mutants/mutant.ts';
import { exploreMutant, mutantNamed } from '../../proof/explore/task.ts';
import { HandOverPart } from '../../src/actors/hand-over-part.ts';
import { Output } from '../../src/mailbox/output.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { RingReader } from '../../src/mailbox/ring-reader.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import { HandOver } from '../../src/state/groups/hand-over.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import { UndoLog } from '../../src/state/transaction/undo-log.ts';

/** The methods that ship. */
const shipped = (): unknown[] =>
  [Ring, RingReader, Output, WakeWords, CommitLog, UndoLog, HandOver, HandOverPart].map((each) =>
    Object.getOwnPropertyDescriptors(each.prototype),
  );

for (const name of ['full ring', 'reader comes', 'found by the explorer: reader comes below', 'fences']) {
  test(`every interleaving of '${name}' holds`, async () => {
    const found = await explore(caseNamed(name.replace(/^.*: /, '')));
    assert.equal(found.violation, undefined);
    assert.ok(found.states > 1000);
  });
}

for (const name of [
  'publishes before data',
  'looks for room once',
  'notifies nobody',
  'wakes, then publishes',
  'sequence before slot',
  'undo count before entry',
  'tells, then activates',
  'no fence of the giver',
  'passes every fence',
  'published, then dormant',
]) {
  test(`the mutant '${name}' is caught, and nothing of it is left`, async () => {
    const before = shipped();
    const { violation, trace } = await exploreMutant(mutantNamed(name));
    assert.ok(violation !== undefined, 'it survives');
    assert.match(trace[trace.length - 1].what, new RegExp(`^⇒ ${violation.kind}: `));
    assert.ok(trace.length > 5);
    assert.deepEqual(shipped(), before);
  });
}

test('a mutant that changes nothing is an error', async () => {
  const idle = { ...mutantNamed('rows without undo'), caughtBy: 'full ring', rewrite: (text: string) => text };
  await assert.rejects(exploreMutant(idle), /in no generated code/);
  assert.throws(() => replacing(Ring.prototype, 'nothing', () => () => {})(), /no method 'nothing'/);
});

test('names are told apart, and each mutant has a case', () => {
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  for (const { caughtBy } of mutants) caseNamed(caughtBy);
});
