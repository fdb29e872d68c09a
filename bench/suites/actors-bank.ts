// Result `bank` of suite `actors`: transfers between accounts, ordered by tellers that wait for all of theirs. No money may be lost
// or made, and each transfer is done or refused.

import { dispatch, type Ref as NactRef, spawn, start } from 'nact';
import { erlang } from '../baselines/erlang.ts';
import type { By, Effort } from '../effort.ts';
import { account, teller } from '../flows/bank.ts';
import { tally } from '../flows/big.ts';
import { transferOf } from '../flows/transfers.ts';
import type { Contender } from '../harness.ts';
import { contender, type Ours, PATIENT, perSecond, promised, requireRight } from './actors-contender.ts';

const ACCOUNTS: By<number> = { quick: 50, usual: 500, full: 1000 };
const TELLERS = 10;
/** Of each teller. */
const TRANSFERS: By<number> = { quick: 500, usual: 10_000, full: 30_000 };
/** What an account begins with: little enough that some transfers are refused. */
const CENTS = 200;

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

function requireMoney(who: string, effort: Effort, balances: readonly number[], done: number): void {
  requireRight(
    `cents and transfers of ${who}`,
    [sum(balances), done],
    [ACCOUNTS[effort] * CENTS, TELLERS * TRANSFERS[effort]],
  );
  if (balances.some((cents) => cents < 0)) throw new Error(`actors: an account of ${who} is below 0`);
}

export const bank = (effort: Effort): Ours => ({
  async run(system) {
    const transfers = TRANSFERS[effort];
    const counter = system.spawn(tally);
    const accounts = Array.from({ length: ACCOUNTS[effort] }, () => system.spawn(account, { args: { cents: CENTS } }));
    const tellers = Array.from({ length: TELLERS }, () => system.spawn(teller));
    await Promise.all(tellers.map((each) => each.ask.begin({ transfers, tally: counter.address }, PATIENT)));
    await Promise.all(accounts.map((each) => each.ask.balance({}, PATIENT)));
    const addresses = accounts.map(({ address }) => address);
    const startMs = performance.now();
    for (const [i, each] of tellers.entries()) {
      await each.tell.order({ accounts: addresses, from: i * transfers, until: (i + 1) * transfers });
    }
    await counter.ask.all({ count: TELLERS }, PATIENT);
    const rate = perSecond(TELLERS * transfers, startMs);
    const balances = await Promise.all(accounts.map((each) => each.ask.balance({}, PATIENT)));
    const counts = await Promise.all(tellers.map((each) => each.ask.counts({}, PATIENT)));
    const done = sum(counts.map(({ sent, refused }) => sent + refused));
    requireMoney(
      'millrace',
      effort,
      balances.map(({ cents }) => cents),
      done,
    );
    for (const each of [counter, ...accounts, ...tellers]) each.stop();
    return { bank: rate };
  },
});

type AccountMessage =
  | { readonly kind: 'send'; readonly cents: number; readonly to: number; readonly teller: number }
  | { readonly kind: 'deposit'; readonly cents: number; readonly teller: number };
type TellerMessage = { readonly kind: 'order' | 'sent' | 'refused' };

export const bankNact = (effort: Effort) => async (): Promise<Contender> =>
  contender('nact', async () => {
    const system = start();
    const transfers = TRANSFERS[effort];
    const accounts: NactRef<AccountMessage>[] = [];
    const tellers: NactRef<TellerMessage>[] = [];
    const balances = new Array<number>(ACCOUNTS[effort]).fill(CENTS);
    const done = new Array<number>(TELLERS).fill(0);
    const { promise, resolve } = promised();
    let left = TELLERS;
    for (let own = 0; own < balances.length; own++) {
      const receive = (state: undefined, message: AccountMessage): undefined => {
        const { cents, teller } = message;
        if (message.kind === 'deposit') {
          balances[own] += cents;
          dispatch(tellers[teller], { kind: 'sent' });
        } else if (cents > balances[own]) dispatch(tellers[teller], { kind: 'refused' });
        else {
          balances[own] -= cents;
          dispatch(accounts[message.to], { kind: 'deposit', cents, teller });
        }
        return state;
      };
      accounts.push(spawn(system, receive, `account-${own}`));
    }
    for (let own = 0; own < TELLERS; own++) {
      const receive = (state: undefined, { kind }: TellerMessage): undefined => {
        if (kind !== 'order') {
          if (++done[own] === transfers && --left === 0) resolve();
          return state;
        }
        for (let n = own * transfers; n < (own + 1) * transfers; n++) {
          const { source, target, cents } = transferOf(n, accounts.length);
          dispatch(accounts[source], { kind: 'send', cents, to: target, teller: own });
        }
        return state;
      };
      tellers.push(spawn(system, receive, `teller-${own}`));
    }
    const startMs = performance.now();
    for (const each of tellers) dispatch(each, { kind: 'order' });
    await promise;
    const rate = perSecond(TELLERS * transfers, startMs);
    requireMoney('nact', effort, balances, sum(done));
    return { bank: rate };
  });

export const bankErlang = (effort: Effort) =>
  erlang('bank', [ACCOUNTS[effort], TELLERS, TRANSFERS[effort], CENTS], ACCOUNTS[effort] * CENTS);
