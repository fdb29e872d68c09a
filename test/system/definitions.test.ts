// Goal: the list of definitions is the same for all threads, wherever one dies that adds to it, and so are the definitions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actor, type MillraceError, t } from '../../src/index.ts';
import { type ActorModules, Definitions } from '../../src/system/definitions.ts';
import { fingerprintOf } from '../../src/system/fingerprint.ts';
import { CRASH, CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { twoFaced } from '../kit/actors/leaky.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, until } from '../kit/run-flow.ts';

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

test('a definition that a worker has otherwise is refused, and its actors end with that reason', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const failures: MillraceError[] = [];
    system.on('actorFailed', ({ error }) => failures.push(error as MillraceError));
    const error = await rejection(system.spawn(twoFaced).ask.get({ n: 1 }), 'TARGET_STOPPED');
    assert.match(error.message, /'two-faced' .* on this thread/);
    await until(() => failures.length === 1, 'it is told of');
    assert.equal(failures[0].code, 'ACTOR_DIFFERS');
  }),
);

test('what differs in a definition is found, what does not is not', () => {
  const of = (parts: object): string =>
    fingerprintOf(actor(import.meta.url, 'one', { messages: { a: {} }, receive: { a() {} }, ...parts } as never));
  const first = of({});
  assert.equal(of({ mailbox: {} }), of({ supervision: {} }));
  assert.equal(of({ receive: { a: () => {} } }), first);
  const others = [
    { state: { n: t.u32() } },
    { state: { n: t.f64() } },
    { state: { m: t.u32() } },
    { args: { n: t.u32() } },
    { start() {} },
    { stop() {} },
    { restAfterMs: 5 },
    { restAfterMs: 6 },
    { restAfterMs: 6, rest() {} },
    { behaviours: { other: {} } },
    { mailbox: { capacity: 2 } },
    { mailbox: { full: 'dropOldest' } },
    { supervision: { intensity: 2 } },
    { messages: { a: { n: t.enum('x', 'y') } } },
    { messages: { a: { n: t.enum('x', 'z') } } },
    { messages: { a: { reply: { n: t.u32() } } } },
    { messages: { a: {}, b: {} }, receive: { a() {}, b() {} } },
  ].map(of);
  assert.equal(new Set([first, ...others]).size, others.length + 1);
});
