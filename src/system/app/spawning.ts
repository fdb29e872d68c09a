// What spawning from outside of handlers means, in an app as in a test: checks, an id, a life, a reference.
// Promises: a wrong argument is refused before anything is sent.

import { errors } from '../../errors.ts';
import { checkName, idOfName, refuseInbox } from '../addresses.ts';
import { SPAWN_OPTIONS, type SpawnOptions } from '../context.ts';
import type { AnyActor } from '../definition.ts';
import type { Definitions } from '../definitions.ts';
import { type ActorRef, checkKeys, type Post, Ref } from '../ref.ts';
import { RESTARTS } from '../rows.ts';
import type { AppPost } from './app-post.ts';

/** Where it is spawned. */
export interface SpawnGround {
  readonly definitions: Definitions;
  /** What the new reference tells by. */
  readonly post: Post;
  /** @throws MillraceError FOREIGN_REF, BAD_OPTION */
  own(ref: ActorRef<AnyActor>, where: string): void;
  /** The id of one without a name. */
  newId(beside: ActorRef<AnyActor> | undefined): number;
  readonly send: AppPost['spawn'];
}

/** @throws MillraceError BAD_OPTION, BAD_VALUE of the arguments */
export function spawnOn(ground: SpawnGround, definition: AnyActor, options: SpawnOptions<unknown>): Ref {
  checkKeys('system.spawn()', options, SPAWN_OPTIONS);
  const { name, args = {}, beside, restart = 'transient' } = options;
  const { definitions } = ground;
  const loaded = definitions.of(definition);
  refuseInbox(loaded, 'spawn()');
  if (beside !== undefined) ground.own(beside, 'system.spawn()');
  const how = RESTARTS.indexOf(restart);
  if (how < 0) throw errors.badOption('restart', restart, "'transient', 'permanent' or 'temporary'", 'spawn()');
  const id = name === undefined ? ground.newId(beside) : idOfName(checkName('name', name, 'spawn()'));
  const life = definitions.takeId();
  const ref = new Ref(loaded, id, name === undefined ? 0 : life, '', ground.post);
  ground.send(ref, life, how, name ?? '', (mail) => loaded.args.write(args as Record<string, unknown>, mail));
  return ref;
}
