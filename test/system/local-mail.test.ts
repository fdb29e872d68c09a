// Goal: mail between actors of one replica keeps its order, whichever way each piece goes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ResidentHost } from '../../src/flow/resident.ts';
import { Mail, MailKind } from '../../src/system/mail.ts';
import { LocalMail } from '../../src/system/worker/local-mail.ts';
import { runs } from '../kit/arbitraries.ts';

const SIZE_MAX = 8;

/** One batch of a replica: what it reads of its own ring, what its handlers send, and what else happens. */
const batch = fc.record({
  reads: fc.nat({ max: 6 }),
  sends: fc.array(fc.record({ isLarge: fc.boolean(), isWanted: fc.boolean() }), { maxLength: 6 }),
  isAlone: fc.boolean(),
  waits: fc.boolean(),
  fails: fc.boolean(),
  moves: fc.boolean(),
});

test('property: what one sends to another is handled in order, each once', () => {
  const inOrder = fc.property(fc.array(batch, { maxLength: 30 }), (batches) => {
    let [ring, read, sent, isAlone, waits]: [number[], number, number, boolean, boolean] = [[], 0, 0, false, false];
    let handled: number[] = [];
    const host = {
      now: () => 0,
      owns: () => true,
      isAlone: () => isAlone,
      loopHead: () => (waits ? undefined : ring.length),
      hasReadLoop: (head: number) => read >= head,
    } as unknown as ResidentHost;
    const local = new LocalMail(host, SIZE_MAX);
    const inEnd = {
      reads: Number.POSITIVE_INFINITY,
      sends: [],
      isAlone: false,
      waits: false,
      fails: false,
      moves: false,
    };
    for (const each of [...batches, inEnd, inEnd]) {
      const before = { read, sent, handled: [...handled] };
      const written: number[] = [];
      const send = ({ n0 }: Mail): void => void written.push(n0);
      isAlone = each.isAlone;
      for (let i = 0; i < each.reads && read < ring.length; i++) handled.push(ring[read++]);
      for (const { isLarge, isWanted } of each.sends) {
        const mail = new Mail().address(1, MailKind.message);
        mail.n0 = ++sent;
        mail.text = isLarge ? 'large' : '';
        if (!local.put(mail, isWanted, send)) send(mail);
      }
      for (let mail = local.next(send); mail !== undefined; mail = local.next(send)) handled.push(mail.n0);
      if (each.fails) {
        ({ read, sent, handled } = before);
        local.rolledBack();
        continue;
      }
      ring = [...ring, ...written];
      waits = each.waits;
      local.committed();
      if (each.moves) local.ownersChanged();
    }
    assert.deepEqual(
      handled,
      Array.from({ length: sent }, (_, i) => i + 1),
    );
  });
  fc.assert(inOrder, runs(1000));
});
