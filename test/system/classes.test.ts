// Goal: handlers may be methods of a class, and of an object that calls its own; what would not outlive a crash is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actor, inbox, t } from '../../src/index.ts';
import { methodOf } from '../../src/system/methods.ts';
import { testActor } from '../../src/testing.ts';
import { own, till } from '../kit/actors/classes.ts';
import { withSystem } from '../kit/actors/run-system.ts';
import { rejection, TIMEOUT, until } from '../kit/run-flow.ts';

test('methods of a class handle messages, with what else the class has, after a crash too', TIMEOUT, () =>
  withSystem({ workers: 2, supervision: { directive: 'resume' } }, async (system) => {
    const one = system.spawn(till);
    await one.ask.deposit({ cents: 5 });
    await one.ask.depositTwice({ cents: 10 });
    await one.ask.later({ cents: 100 });
    assert.deepEqual(await one.ask.balance({}), { cents: 125 });
    const error = await rejection(one.ask.withdraw({ cents: 126 }), 'ACTOR_FAILED');
    assert.equal((error.cause as Error).message, 'only -1 cents');
    for (const { worker } of system.job.workers()) {
      system.job.killWorker(worker);
      assert.deepEqual(await one.ask.text({}), { text: '125 cents' });
    }
    await one.ask.close({});
    assert.deepEqual(await one.ask.text({}), { text: 'closed' });
    await one.ask.deposit({ cents: 1 });
    assert.deepEqual(await one.ask.balance({}), { cents: 126 });
  }),
);

test('handlers of an object call each other, and hooks their parts', async () => {
  const one = testActor(own);
  await one.tell.addTwice({});
  assert.deepEqual(await one.ask.get({}), { n: 6 });
  await one.tell.other({});
  await one.tell.addTwice({});
  await one.tell.add({});
  assert.deepEqual(await one.ask.get({}), { n: 108 });
});

test('handlers of an inbox may be methods of a class', TIMEOUT, () =>
  withSystem({ workers: 1 }, async (system) => {
    const office = inbox(import.meta.url, 'office', { messages: { sold: { cents: t.u32() } } });
    class Office {
      #cents = 0;
      get cents(): number {
        return this.#cents;
      }
      sold({ cents }: { cents: number }): void {
        this.#cents += cents;
      }
    }
    const handlers = new Office();
    const { ref } = system.open(office, handlers);
    await ref.tell.sold({ cents: 3 });
    await ref.tell.sold({ cents: 4 });
    await until(() => handlers.cents === 7, 'both are handled');
  }),
);

test('what a class has besides methods, or lacks, is refused', () => {
  const define = (receive: object) => () =>
    actor(import.meta.url, 'one', { messages: { add: {} }, receive: receive as never });
  define(
    new (class {
      add(): void {}
      helper(): void {}
    })(),
  )();
  const withField = new (class {
    n = 0;
    add(): void {}
  })();
  assert.throws(define(withField), { code: 'BAD_ACTOR', message: /'n' .* a crash loses it/ });
  const without = new (class {
    helper(): void {}
  })();
  assert.throws(define(without), { code: 'BAD_ACTOR', message: /no handler of 'add'/ });
  const generating = new (class {
    *add(): Generator<number> {
      yield 1;
    }
  })();
  assert.throws(define(generating), { code: 'BAD_ACTOR', message: /generator as 'add'/ });
  for (const none of [undefined, null, 5, 'text'])
    assert.throws(define(none as never), { code: 'BAD_ACTOR', message: /no receive/ });
});

test('a method is one of the object or of its class, and none that every object has', () => {
  class Above {
    a(): void {}
  }
  class One extends Above {
    b(): void {}
    get c(): number {
      return 1;
    }
  }
  const one = new One();
  assert.equal(methodOf(one, 'a'), one.a);
  assert.equal(methodOf(one, 'b'), one.b);
  for (const name of ['c', 'd', 'constructor', 'toString', 'hasOwnProperty'])
    assert.equal(methodOf(one, name), undefined);
  const named = { constructor: () => {}, toString: () => '' };
  assert.equal(methodOf(named, 'constructor'), named.constructor);
  assert.equal(methodOf(named, 'toString'), named.toString);
});
