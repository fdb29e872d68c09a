// Goal: the explorer visits every interleaving, and finds what it is there to find: in programs whose behaviour is known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exploration, type ExploreOptions, explore } from '../../proof/explore/explorer.ts';
import { type ToyOptions, type ToyThread, toyScene } from '../kit/toy-scene.ts';

const run = (threads: readonly ToyThread[], options: ToyOptions = {}, how: ExploreOptions = {}): Promise<Exploration> =>
  explore({ name: 'toy', title: '', scene: () => toyScene(threads, options) }, how);

const traceOf = ({ trace }: Exploration): string => trace.map(({ thread, what }) => `${thread} ${what}`).join('\n');

const adds =
  (times: number, cell = 0): ToyThread =>
  (cells) => {
    for (let i = 0; i < times; i++) Atomics.add(cells, cell, 1);
  };

test('interleavings of independent steps on one cell are counted exactly', async () => {
  assert.equal((await run([adds(3), adds(3)])).interleavings, 20);
  assert.equal((await run([adds(2), adds(2), adds(2)])).interleavings, 90);
  assert.equal((await run([adds(4), adds(5)])).interleavings, 126);
});

test('states that do not differ are visited once', async () => {
  const stores: ToyThread = (cells) => {
    for (let i = 0; i < 6; i++) Atomics.store(cells, 0, 1);
  };
  const { states, outcomes } = await run([stores, stores]);
  assert.equal(states, 49);
  assert.equal(outcomes, 1);
});

test('operations on cells of one thread only are no steps', async () => {
  const { states, interleavings } = await run([adds(50, 0), adds(50, 1)]);
  assert.equal(interleavings, 1);
  assert.equal(states, 1);
});

test('threads that meet nobody else are not ordered among each other', async () => {
  const pair = (cell: number): ToyThread[] => [adds(2, cell), adds(2, cell)];
  const apart = await run([...pair(0), ...pair(1)]);
  assert.equal(apart.interleavings, 6 * 6);
});

test('an update that is not atomic loses one, and the shortest trace shows how', async () => {
  const increment: ToyThread = (cells) => {
    const before = Atomics.load(cells, 3);
    Atomics.store(cells, 3, before + 1);
  };
  const found = await run([increment, increment], {
    problemAtEnd: (cells) => (cells[3] === 2 ? undefined : `counted ${cells[3]} of 2`),
  });
  assert.equal(found.violation?.kind, 'outcome');
  assert.equal(found.violation?.message, 'counted 1 of 2');
  assert.match(traceOf(found), /load cell\[3\]: 0\n.*load cell\[3\]: 0\n.*store cell\[3\]: 0 → 1\n/);
});

test('all outcomes of the store buffering litmus test that sequential consistency allows are reached, and no other', async () => {
  const reached = new Set<string>();
  const side =
    (own: number, other: number, result: number): ToyThread =>
    (cells) => {
      Atomics.store(cells, own, 1);
      Atomics.store(cells, result, 10 + Atomics.load(cells, other));
    };
  await run([side(0, 1, 2), side(1, 0, 3)], {
    problemAtEnd: (cells) => {
      reached.add(`${cells[2]} ${cells[3]}`);
      return undefined;
    },
  });
  assert.deepEqual([...reached].sort(), ['10 11', '11 10', '11 11']);
});

test('data behind a flag is ordered by it; without one, or with a plain one, it is a race', async () => {
  const writer =
    (isAtomic: boolean): ToyThread =>
    (cells) => {
      cells[0] = 7;
      if (isAtomic) Atomics.store(cells, 1, 1);
    };
  const reader: ToyThread = (cells) => {
    if (Atomics.load(cells, 1) === 1 && cells[0] !== 7) throw new Error('torn');
  };
  const careless: ToyThread = (cells) => {
    Atomics.load(cells, 1);
    if (cells[0] === 9) throw new Error('never');
  };
  assert.equal((await run([writer(true), reader])).violation, undefined);
  assert.equal((await run([writer(true), careless])).violation?.kind, 'race');
  assert.equal((await run([writer(false), careless])).violation?.kind, 'race');
});

test('a store by someone who knows nothing hands on no knowledge', async () => {
  const writer: ToyThread = (cells) => {
    cells[0] = 7;
    Atomics.store(cells, 1, 1);
  };
  const meddler: ToyThread = (cells) => void Atomics.store(cells, 1, 1);
  const reader: ToyThread = (cells) => {
    if (Atomics.load(cells, 1) === 1 && cells[0] > 7) throw new Error('never');
  };
  assert.equal((await run([writer, meddler, reader])).violation?.kind, 'race');
});

test('two writers and two readers that are unordered are races too', async () => {
  const write: ToyThread = (cells) => {
    cells[0] = 1;
    Atomics.add(cells, 5, 0);
  };
  assert.equal((await run([write, write])).violation?.kind, 'race');
  const read: ToyThread = (cells) => {
    if (cells[0] === 1) Atomics.add(cells, 5, 0);
  };
  assert.equal((await run([read, read])).violation, undefined);
});

/** Sleeps until cell 0 is 1. `looks`: once more between the ticket and the sleep. */
const sleeper =
  (looks: boolean): ToyThread =>
  async (cells) => {
    while (Atomics.load(cells, 0) === 0) {
      const ticket = Atomics.load(cells, 1);
      if (looks && Atomics.load(cells, 0) !== 0) return;
      const waiting = Atomics.waitAsync(cells, 1, ticket);
      if (waiting.async) await waiting.value;
    }
  };

const waker: ToyThread = (cells) => {
  Atomics.store(cells, 0, 1);
  Atomics.add(cells, 1, 1);
  Atomics.notify(cells, 1);
};

test('a wake-up that is lost is a deadlock; one that is not is none', async () => {
  for (const tickets of [[], [1]]) {
    assert.equal((await run([sleeper(true), waker], { tickets })).violation, undefined);
    const lost = await run([sleeper(false), waker], { tickets });
    assert.equal(lost.violation?.kind, 'deadlock');
    assert.match(traceOf(lost), /t0 sleeps on cell\[1\]/);
  }
});

test('a sleeper that nobody wakes, and a notify before its time, are deadlocks', async () => {
  const early: ToyThread = (cells) => {
    Atomics.notify(cells, 1);
    Atomics.store(cells, 0, 1);
  };
  assert.equal((await run([sleeper(true), early])).violation?.kind, 'deadlock');
});

test('going round without changing anything is a livelock, whose circle is shown', async () => {
  const state = { spins: 0 };
  const spinning: ToyThread = (cells, context) => {
    for (;;) {
      context.turn(state);
      if (Atomics.load(cells, 0) === 1) return;
    }
  };
  const found = await run([spinning, (cells) => void Atomics.store(cells, 0, 1)]);
  assert.equal(found.violation?.kind, 'livelock');
});

test('a thread that crashes does so after each of its changes, plain ones too, and is adopted', async () => {
  const seen = new Set<string>();
  const thread: ToyThread = (cells, { incarnation }) => {
    if (incarnation === 0) {
      cells[0] = 1;
      cells[1] = 1;
      Atomics.store(cells, 2, 1);
    } else cells[3] = incarnation;
  };
  await run([thread], {
    mayCrash: [true],
    crashes: 1,
    problemAtEnd: (cells) => {
      seen.add(cells.subarray(0, 4).join(''));
      return undefined;
    },
  });
  assert.deepEqual([...seen].sort(), ['0001', '1001', '1101', '1110', '1111']);
});

test('a crash in a recovery comes before the first turn only', async () => {
  const seen = new Set<string>();
  const thread: ToyThread = (cells, { incarnation, turn }) => {
    if (incarnation > 0) cells[incarnation] = 1;
    turn();
    cells[0] += 1;
  };
  await run([thread], {
    mayCrash: [true],
    crashes: 1,
    recoveryCrashes: 1,
    problemAtEnd: (cells) => {
      seen.add(cells.subarray(0, 3).join(''));
      return undefined;
    },
  });
  // Not 2.1: the adopter that has come to its loop is not adopted.
  assert.deepEqual(
    [...seen].sort(),
    ['100', '101', '110', '111', '210', '211'].filter((each) => seen.has(each)),
  );
  assert.ok(seen.has('111') && seen.has('210'));
});

test('what a thread throws, and a thread without end, are failures', async () => {
  const thrown = await run([
    () => {
      throw new Error('as it must');
    },
  ]);
  assert.deepEqual(thrown.violation, { kind: 'failure', message: 'as it must' });
  const endless = await run([
    (cells) => {
      for (;;) if (Atomics.load(cells, 0) === 1) return;
    },
  ]);
  assert.match(endless.violation?.message ?? '', /does not come to an end/);
});

test('a thread that depends on more than what it reads is refused', async () => {
  let calls = 0;
  const fickle: ToyThread = (cells) => {
    calls++;
    Atomics.add(cells, calls % 2, 1);
    Atomics.add(cells, 0, 1);
    Atomics.add(cells, 1, 1);
  };
  await assert.rejects(run([fickle, adds(1, 0), adds(1, 1)]), /not a function of what it reads/);
});

test('views of all kinds, and copies between them, go to the same cells', async () => {
  const thread: ToyThread = (cells) => {
    const { buffer } = cells as unknown as { buffer: SharedArrayBuffer };
    const f64 = new Float64Array(buffer);
    const u8 = new Uint8Array(buffer);
    const text = Buffer.from(buffer as unknown as ArrayBuffer, 32, 16);
    f64[1] = -1.5;
    u8.set(u8.subarray(8, 16), 16);
    assert.equal(f64[2], -1.5);
    text.latin1Write('öl', 0, 2);
    assert.equal(text.latin1Slice(0, 2), 'öl');
    text.ucs2Write('海', 4, 2);
    assert.equal(u8[36] | (u8[37] << 8), '海'.charCodeAt(0));
    new Int32Array(buffer).fill(9, 10, 12);
    u8.copyWithin(44, 40, 44);
    assert.deepEqual([...new Int32Array(buffer, 40, 2).slice()], [9, 9]);
    assert.equal(new Uint32Array(buffer)[11], 9);
    assert.equal(cells[100], undefined);
    Atomics.store(cells, 15, -1);
    assert.equal(new Uint32Array(buffer)[15], 2 ** 32 - 1);
  };
  assert.equal((await run([thread])).violation, undefined);
});

test('nothing of the explorer is left in the globals', async () => {
  const before = { Int32Array, Atomics, Function, from: Buffer.from, now: performance.now };
  await run([adds(2), adds(2)]);
  assert.deepEqual({ Int32Array, Atomics, Function, from: Buffer.from, now: performance.now }, before);
});
