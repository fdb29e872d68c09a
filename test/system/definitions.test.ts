// Goal: the list of definitions is the same for all threads, wherever one dies that adds to it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actor } from '../../src/index.ts';
import { type ActorModules, Definitions } from '../../src/system/definitions.ts';
import { CRASH, CrashingMemory } from '../../src/testing/crashing-memory.ts';

const define = (name: string) => actor(import.meta.url, name, { messages: {}, receive: {} });
const [first, dying, second, third] = ['first', 'dying', 'second one', 'third'].map(define);
const modules: ActorModules = {
  load: async () => ({ first, dying, second, third }),
  nameOf: (moduleUrl) => moduleUrl,
};

test('who dies while it adds a definition leaves the list as it was', async () => {
  const crashing = new CrashingMemory();
  let isDead = true;
  for (let at = 0; isDead; at++) {
    const memory = Definitions.allocate(1);
    const mine = Definitions.apart(memory, modules);
    mine.of(first);
    await crashing.within(() => {
      const theirs = Definitions.apart(memory, modules);
      crashing.reset();
      crashing.crashAt = at;
      isDead = crashing.work(() => theirs.of(dying)) === CRASH;
    });
    const added = [second, third, dying].map((definition) => ({ definition, index: mine.of(definition).index }));
    assert.equal(new Set(added.map(({ index }) => index)).size, 3);
    const others = Definitions.apart(memory, modules);
    for (const { definition, index } of added) assert.equal((await others.load(index)).definition, definition, `${at}`);
    assert.ok(at < 100);
  }
});
