// Goal: a replica has one life: from each state each event leads where the diagram in replica-life.ts says, what comes too late changes
// nothing, and whoever acts on an older decision can tell that it has been overtaken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_HOST, ReplicaLife } from '../../src/supervisor/replicas/replica-life.ts';
import type { NodeState } from '../../src/supervisor/supervision/child.ts';
import type { JobWorker } from '../../src/supervisor/workers/job-worker.ts';

const worker = { host: 3 } as JobWorker;

const ways: Record<NodeState, (life: ReplicaLife) => void> = {
  dormant: (life) => life.retire(),
  starting: () => {},
  running: (life) => life.runs(),
  restarting: (life) => life.restarting(),
  ended: (life) => life.ended(),
  failed: (life) => life.failed(),
};

function lifeIn(state: NodeState): ReplicaLife {
  const life = new ReplicaLife(false);
  life.hostOn(worker);
  ways[state](life);
  assert.equal(life.state, state);
  return life;
}

type Event = 'enlist' | 'runs' | 'restarting' | 'retire' | 'ended' | 'failed';

/** Where each event leads to, from each state; a state that is not named stays. */
const TRANSITIONS: Record<Event, Partial<Record<NodeState, NodeState>>> = {
  enlist: { dormant: 'starting' },
  runs: { starting: 'running', restarting: 'running' },
  restarting: { starting: 'restarting', running: 'restarting' },
  retire: { starting: 'dormant', running: 'dormant', restarting: 'dormant' },
  ended: { dormant: 'ended', starting: 'ended', running: 'ended', restarting: 'ended', failed: 'ended' },
  failed: { starting: 'failed', running: 'failed', restarting: 'failed' },
};

test('from each state, each event leads where the diagram says', () => {
  for (const [event, leads] of Object.entries(TRANSITIONS) as [Event, (typeof TRANSITIONS)[Event]][]) {
    for (const state of Object.keys(ways) as NodeState[]) {
      const life = lifeIn(state);
      life[event]();
      assert.equal(life.state, leads[state] ?? state, `${event} of one that was ${state}`);
    }
  }
});

test('a replica has a worker from the decision to host it until the thread is gone, or it retires', () => {
  const life = new ReplicaLife(true);
  assert.equal(life.host, NO_HOST);
  life.enlist();
  life.beginOn(worker);
  life.runs();
  assert.equal(life.host, 3);
  life.restarting();
  assert.equal(life.worker, worker, 'it is that worker that has to let it go');
  life.loseWorker();
  assert.equal(life.host, NO_HOST);
  life.hostOn(worker);
  life.runs();
  life.retire();
  assert.equal(life.worker, undefined);
});

test('every decision to start a replica is a turn, and only the orders to resume it are incarnations', () => {
  const life = new ReplicaLife(true);
  life.enlist();
  life.beginOn(worker);
  assert.deepEqual([life.turn, life.incarnation, life.restarts], [1, 0, 0]);
  assert.equal(life.resumed(), 1);
  life.runs();
  life.restarting();
  const { turn } = life;
  life.loseWorker();
  life.hostOn(worker);
  assert.equal(life.turn, turn, 'it is hosted by the decision that was made');
  life.restarting();
  assert.notEqual(life.turn, turn, 'a second crash overtakes the restart after the first');
  assert.deepEqual([life.turn, life.incarnation, life.restarts], [3, 1, 2]);
});
