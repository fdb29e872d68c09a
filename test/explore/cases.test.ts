// Goal: the cases that are explored hold, and broken variants are caught. All of them: `npm run explore`; here some that take little time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseNamed, cases } from '../../explore/cases/all.ts';
import { explore } from '../../explore/explorer.ts';
import { mutants } from '../../explore/mutants/all.ts';
import { exploreMutant, mutantNamed } from '../../explore/task.ts';

for (const name of ['full ring', 'full ring, 2^31']) {
  test(`every interleaving of '${name}' holds`, async () => {
    const found = await explore(caseNamed(name));
    assert.equal(found.violation, undefined);
    assert.ok(found.states > 1000);
  });
}

for (const name of ['publishes before data', 'notifies nobody', 'wakes, then publishes', 'sequence before slot']) {
  test(`the mutant '${name}' is caught, and nothing of it is left`, async () => {
    const mutant = mutantNamed(name);
    const { violation, trace } = await exploreMutant(mutant);
    assert.ok(violation !== undefined, 'it survives');
    assert.match(trace[trace.length - 1].what, new RegExp(`^⇒ ${violation.kind}: `));
    assert.ok(trace.length > 5);
  });
}

test('names are told apart, and each mutant has a case', () => {
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length);
  for (const { caughtBy } of mutants) caseNamed(caughtBy);
});
