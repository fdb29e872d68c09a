// Goal: the chat of examples/chat/ with real clients: order of each sender in each room, nothing lost or doubled, though workers die.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';
import type { ActorSystem, SystemOptions } from '../../src/index.ts';
import { ROOT, start } from '../kit/command.ts';
import { noThreadLeft, TIMEOUT, until } from '../kit/run-flow.ts';

interface Served {
  readonly system: ActorSystem;
  readonly port: number;
  close(): Promise<void>;
}

interface Heard {
  readonly room: string;
  readonly number: number;
  readonly kind: string;
  readonly user: string;
  readonly text: string;
}

const serve = async (options: SystemOptions): Promise<Served> => {
  const module = (await import(pathToFileURL(join(ROOT, 'examples/chat/server.js')).href)) as {
    serve(port: number, options: SystemOptions): Promise<Served>;
  };
  return module.serve(0, options);
};

/** A client, and what it has heard. */
async function connect(port: number) {
  const socket = new WebSocket(`ws://localhost:${port}`);
  const heard: Heard[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as Heard));
  await once(socket, 'open');
  return {
    socket,
    heard,
    send: (message: object) => socket.send(JSON.stringify(message)),
    of: (room: string) => heard.filter((each) => each.room === room),
    async close(): Promise<void> {
      socket.close();
      await once(socket, 'close');
    },
  };
}

async function withChat(workers: number, run: (chat: Served) => Promise<void>): Promise<void> {
  const chat = await serve({ workers, notices: false });
  try {
    await run(chat);
  } finally {
    await chat.close();
  }
  await noThreadLeft();
}

test('a member hears what is kept, who joins, says and leaves; others hear nothing', TIMEOUT, () =>
  withChat(1, async ({ port }) => {
    const [ann, bob, eve] = await Promise.all([connect(port), connect(port), connect(port)]);
    ann.send({ join: 'mill', as: 'ann' });
    for (let n = 0; n < 25; n++) ann.send({ say: `word ${n}`, in: 'mill' });
    await until(() => ann.heard.length === 26, 'ann has heard herself');
    // Who is no member says nothing; what is no message is none.
    eve.send({ say: 'psst', in: 'mill' });
    eve.socket.send('no json');
    eve.socket.send('null');
    bob.send({ join: 'mill', as: 'bob' });
    await until(() => bob.heard.length === 21, 'bob has heard what is kept, and himself');
    assert.deepEqual(
      bob.heard.map(({ number, kind, user, text }) => [number, kind, user, text]),
      [...Array.from({ length: 20 }, (_, n) => [n + 6, 'said', 'ann', `word ${n + 5}`]), [26, 'joined', 'bob', '']],
    );
    bob.send({ leave: 'mill' });
    await until(() => ann.heard.at(-1)?.kind === 'left', 'bob has left');
    bob.send({ join: 'mill', as: 'bob' });
    await until(() => ann.heard.at(-1)?.kind === 'joined', 'bob is back');
    // A connection that ends is told of, too.
    await bob.close();
    await until(() => ann.heard.at(-1)?.kind === 'left', 'bob is gone');
    assert.deepEqual(
      ann.heard.map(({ number }) => number),
      Array.from({ length: 30 }, (_, n) => n),
    );
    assert.equal(eve.heard.length, 0);
    await Promise.all([ann.close(), eve.close()]);
  }),
);

test('many clients in several rooms lose nothing, and hear nothing twice, while workers die', TIMEOUT, () =>
  withChat(2, async ({ port, system }) => {
    const ROOMS = ['mill', 'race', 'weir'];
    const CLIENTS = 24;
    const EACH = 60;
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(port)));
    // Two connections of a user are in each room.
    const roomsOf = (index: number): string[] => [ROOMS[index % 3], ROOMS[(index + 1) % 3]];
    const userOf = (index: number): string => `user-${index % (CLIENTS / 2)}`;
    for (const [index, client] of clients.entries()) {
      for (const room of roomsOf(index)) client.send({ join: room, as: userOf(index) });
    }
    const members = (CLIENTS * 2) / 3;
    const isJoined = (index: number): boolean =>
      roomsOf(index).every((room) => clients[index].of(room).some(({ number }) => number === members - 1));
    await until(() => clients.every((_, index) => isJoined(index)), 'all are in their rooms');
    let kills = 0;
    for (let n = 0; n < EACH; n++) {
      for (const [index, client] of clients.entries()) {
        for (const room of roomsOf(index)) client.send({ say: `${index} ${n}`, in: room });
      }
      if (n % 20 !== 10) continue;
      // All replicas answer: whoever was killed before is back.
      await system.metrics();
      const active = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      await system.job.killWorker(active[kills++ % active.length].worker);
    }
    assert.equal(kills, 3);
    const last = members + members * EACH - 1;
    const hasAll = (index: number): boolean =>
      roomsOf(index).every((room) => clients[index].of(room).some(({ number }) => number === last));
    await until(() => clients.every((_, index) => hasAll(index)), 'all have heard the last', 40_000);
    for (const [index, client] of clients.entries()) {
      for (const room of roomsOf(index)) {
        const heard = client.of(room);
        const first = heard[0].number;
        assert.deepEqual(
          heard.map(({ number }) => number),
          Array.from({ length: last + 1 - first }, (_, n) => first + n),
        );
        const said = new Map<number, number[]>();
        for (const { kind, text } of heard) {
          if (kind !== 'said') continue;
          const [from, n] = text.split(' ').map(Number);
          said.set(from, [...(said.get(from) ?? []), n]);
        }
        assert.equal(said.size, members);
        for (const numbers of said.values()) {
          assert.deepEqual(
            numbers,
            Array.from({ length: EACH }, (_, n) => n),
          );
        }
      }
    }
    await Promise.all(clients.map((client) => client.close()));
  }),
);

test('the server starts by one command', TIMEOUT, async () => {
  const running = start(join(ROOT, 'examples/chat/server.js'), ['0']);
  await running.seen('chat on ws://localhost:');
  running.interrupt();
  await running.done;
});
