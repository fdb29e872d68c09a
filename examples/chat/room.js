// @ts-check
// The rooms of a chat, as virtual actors by their names, and what they tell a connection. A room is a row of state: its members and its
// latest messages survive the thread that it runs on.

import { actor, inbox, t } from 'millrace';

/** Messages that who joins a room is told first. */
const KEPT = 20;

/** One connection, in the app's thread. What waits for a client that does not read is bounded: the oldest is left out. */
export const connection = inbox(import.meta.url, 'connection', {
  messages: {
    heard: {
      room: t.string(),
      /** Numbers of a room have no gaps: a client sees whether it has missed something. */
      number: t.u32(),
      kind: t.enum('said', 'joined', 'left'),
      user: t.string(),
      text: t.string(),
    },
  },
  mailbox: { capacity: 10_000, full: 'dropOldest' },
});

/** @typedef {{ room: string, number: number, kind: 'said' | 'joined' | 'left', user: string, text: string }} Heard */
/** @typedef {{ number: number, members: Record<string, string>, latest: Heard[] }} State users by their addresses, and what is kept */
/** @typedef {{ readonly name: string } & Pick<import('millrace').ActorSpace, 'ref'>} Context */

/**
 * Numbers what has happened in a room, keeps it, and tells all members.
 * @param {Heard['kind']} kind
 * @param {string} user
 * @param {string} text
 * @param {State} state
 * @param {Context} context
 */
function publish(kind, user, text, state, context) {
  const heard = { room: context.name, number: state.number++, kind, user, text };
  state.latest = [...state.latest, heard].slice(-KEPT);
  for (const address of Object.keys(state.members)) context.ref(connection, address).tell.heard(heard);
}

/**
 * Takes a member out, if it is one.
 * @param {string} address
 * @param {State} state
 * @param {Context} context
 */
function remove(address, state, context) {
  const user = state.members[address];
  if (user === undefined) return;
  delete state.members[address];
  publish('left', user, '', state, context);
}

export const room = actor(import.meta.url, 'room', {
  messages: {
    join: { address: t.string(), user: t.string() },
    say: { address: t.string(), text: t.string() },
    leave: { address: t.string() },
  },
  state: {
    number: t.u32(),
    members: /** @type {import('millrace').JsonField<State['members']>} */ (t.json()),
    latest: /** @type {import('millrace').JsonField<State['latest']>} */ (t.json()),
  },
  start(_args, state) {
    state.members = {};
    state.latest = [];
  },
  receive: {
    join({ address, user }, state, context) {
      if (state.members[address] !== undefined) return;
      const joining = context.ref(connection, address);
      for (const heard of state.latest) joining.tell.heard(heard);
      state.members[address] = user;
      // Whatever becomes of the connection, its end is told.
      context.watch(joining);
      publish('joined', user, '', state, context);
    },
    say({ address, text }, state, context) {
      const user = state.members[address];
      if (user !== undefined) publish('said', user, text, state, context);
    },
    leave({ address }, state, context) {
      context.unwatch(context.ref(connection, address));
      remove(address, state, context);
    },
  },
  ended: ({ ref }, state, context) => remove(ref.address, state, context),
});
