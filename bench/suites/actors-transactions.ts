// Result `transactions` of suite `actors`: what it costs that each message is a transaction. The same senders and receivers, on the
// library and on a variant of it that saves nothing before a change and fills no commit slot.

import { actorSystem } from '../../src/index.ts';
import type { Effort } from '../effort.ts';
import * as flows from '../flows/actors.ts';
import type { Contender } from '../harness.ts';
import { openWithoutTransactions } from '../variants/without-transactions.ts';
import { type ActorsLibrary, tells } from './actors-tells.ts';

const RESULT = 'transactions';

async function telling(name: string, library: ActorsLibrary, effort: Effort): Promise<Contender> {
  const system = await library.actorSystem({ workers: 2 });
  const { run } = tells(RESULT, effort, 2, library);
  return { name, run: () => run(system), close: () => system.stop() };
}

export const withTransactions = (effort: Effort): Promise<Contender> =>
  telling('millrace', { actorSystem, ...flows }, effort);

export async function withoutTransactions(effort: Effort): Promise<Contender> {
  const variant = openWithoutTransactions();
  try {
    const library = await variant.load<Pick<ActorsLibrary, 'actorSystem'>>('src/index.js');
    const { receiver, sender } = await variant.load<typeof flows>('bench/flows/actors.js');
    const { actorSystem } = library;
    const { name, run, close } = await telling('without-transactions', { actorSystem, receiver, sender }, effort);
    return { name, run, close: () => close().finally(() => variant.remove()) };
  } catch (error) {
    variant.remove();
    throw error;
  }
}
