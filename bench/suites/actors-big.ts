// Result `big` of suite `actors`: each actor pings each other one, and is answered. All actors have work all the time, and no two
// messages in a row are for the same one.

import { dispatch, type Ref as NactRef, spawn, start } from 'nact';
import { erlang } from '../baselines/erlang.ts';
import type { By, Effort } from '../effort.ts';
import { peer, tally } from '../flows/big.ts';
import type { Contender } from '../harness.ts';
import { contender, type Ours, PATIENT, perSecond, promised, requireRight } from './actors-contender.ts';

const PEERS: By<number> = { quick: 30, usual: 200, full: 500 };
/** How often each meets all the others. */
const MEETINGS: By<number> = { quick: 3, usual: 5, full: 5 };

/** Pings that each peer sends, and gets. */
const pingsOf = (effort: Effort): number => MEETINGS[effort] * (PEERS[effort] - 1);
const messagesOf = (effort: Effort): number => 2 * PEERS[effort] * pingsOf(effort);

export const big = (effort: Effort): Ours => ({
  async run(system) {
    const counter = system.spawn(tally);
    const peers = Array.from({ length: PEERS[effort] }, () => system.spawn(peer));
    const begin = { pongs: pingsOf(effort), tally: counter.address };
    await Promise.all(peers.map((each) => each.ask.begin(begin, PATIENT)));
    const addresses = peers.map(({ address }) => address);
    const startMs = performance.now();
    for (let n = 0; n < MEETINGS[effort]; n++) for (const each of peers) await each.tell.meet({ peers: addresses });
    await counter.ask.all({ count: peers.length }, PATIENT);
    const rate = perSecond(messagesOf(effort), startMs);
    for (const each of peers) {
      const { pings, pongs } = await each.ask.counts({}, PATIENT);
      requireRight('pings and pongs', [pings, pongs], [pingsOf(effort), pingsOf(effort)]);
    }
    for (const each of [counter, ...peers]) each.stop();
    return { big: rate };
  },
});

type PeerMessage = { readonly kind: 'meet' | 'pong' } | { readonly kind: 'ping'; readonly from: number };

export const bigNact = (effort: Effort) => async (): Promise<Contender> =>
  contender('nact', async () => {
    const system = start();
    const size = PEERS[effort];
    const peers: NactRef<PeerMessage>[] = [];
    const pings = new Array<number>(size).fill(0);
    const pongs = new Array<number>(size).fill(0);
    let left = size;
    const { promise, resolve } = promised();
    for (let own = 0; own < size; own++) {
      peers.push(
        spawn(
          system,
          (state: undefined, message: PeerMessage) => {
            if (message.kind === 'meet') {
              for (let other = 0; other < size; other++) {
                if (other !== own) dispatch(peers[other], { kind: 'ping', from: own });
              }
            } else if (message.kind === 'ping') {
              pings[own]++;
              dispatch(peers[message.from], { kind: 'pong' });
            } else if (++pongs[own] === pingsOf(effort) && --left === 0) resolve();
            return state;
          },
          `peer-${own}`,
        ),
      );
    }
    const startMs = performance.now();
    for (let n = 0; n < MEETINGS[effort]; n++) for (const each of peers) dispatch(each, { kind: 'meet' });
    await promise;
    const rate = perSecond(messagesOf(effort), startMs);
    for (let own = 0; own < size; own++) {
      requireRight('pings and pongs of nact', [pings[own], pongs[own]], [pingsOf(effort), pingsOf(effort)]);
    }
    return { big: rate };
  });

export const bigErlang = (effort: Effort) => erlang('big', [PEERS[effort], MEETINGS[effort]], messagesOf(effort));
