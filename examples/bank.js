// @ts-check
// A bank whose accounts are actors. Money moves between them while their threads are killed, again and again: each transfer is done
// once, and the sum of all accounts is the same at the end.
//
//   $ node examples/bank.js
//   100 accounts with 1,000.00 each; 20,000 transfers; 5 threads killed
//   sum: 100,000.00

import { isMainThread } from 'node:worker_threads';
import { actor, actorSystem, t } from 'millrace';

const ACCOUNTS = 100;
const TRANSFERS = 20_000;
const KILLS = 5;

export const account = actor(import.meta.url, 'account', {
  messages: {
    deposit: { cents: t.u32() },
    send: { cents: t.u32(), to: t.string() },
    balance: { reply: { cents: t.f64() } },
  },
  state: { cents: t.f64() },
  args: { cents: t.f64() },
  start({ cents }, state) {
    state.cents = cents;
  },
  receive: {
    deposit({ cents }, state) {
      state.cents += cents;
    },
    send({ cents, to }, state, context) {
      const paid = Math.min(cents, state.cents);
      state.cents -= paid;
      // Visible together with what this account has lost, or not at all.
      context.ref(account, to).tell.deposit({ cents: paid });
    },
    balance: (_message, { cents }) => ({ cents }),
  },
});

const money = (/** @type {number} */ cents) => (cents / 100).toLocaleString('en', { minimumFractionDigits: 2 });

if (isMainThread) {
  const system = await actorSystem({ workers: 2 });
  const accounts = Array.from({ length: ACCOUNTS }, () => system.spawn(account, { args: { cents: 100_000 } }));
  const sumOf = async () => {
    const balances = await Promise.all(accounts.map((each) => each.ask.balance({}, { timeoutMs: 30_000 })));
    return balances.reduce((sum, { cents }) => sum + cents, 0);
  };
  const total = await sumOf();

  let kills = 0;
  for (let i = 0; i < TRANSFERS; i++) {
    const from = accounts[(i * 7) % ACCOUNTS];
    const to = accounts[(i * 13 + 1) % ACCOUNTS];
    await from.tell.send({ cents: (i * 31) % 5000, to: to.address });
    if (i % (TRANSFERS / KILLS) === TRANSFERS / KILLS - 1) {
      const [victim] = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      await system.job.killWorker(victim.worker);
      kills++;
      // All who were killed are back when all have answered.
      await sumOf();
    }
  }

  // What is on its way is in no account: ask until all has arrived.
  let sum = await sumOf();
  while (sum !== total) sum = await sumOf();
  console.log(
    `${ACCOUNTS} accounts with ${money(100_000)} each; ${TRANSFERS.toLocaleString('en')} transfers; ${kills} threads killed`,
  );
  console.log(`sum: ${money(sum)}`);
  await system.stop();
}
