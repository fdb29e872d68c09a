// Groups: actors of one definition under one name, to whom mail is told together, in turn, by a key, or by who has least to do.
// Promises: who has joined is a part of the group's row, so it survives crashes; who ends leaves by itself.

import type { AnyActor, MessagesOf } from './definition.ts';
import { MailKind } from './mail.ts';
import type { ActorRef, Ask, Post, Ref, Tell } from './ref.ts';

/** Some of a group's members, as one that is told and asked. */
export interface GroupRoute<Definition extends AnyActor> {
  /** A function for each message that is told. */
  readonly tell: Tell<MessagesOf<Definition>>;
  /** A function for each message that is asked: the member answers. */
  readonly ask: Ask<MessagesOf<Definition>>;
}

/** A group of actors of one definition. */
export interface ActorGroup<Definition extends AnyActor> {
  /** Tells all members. */
  readonly tell: Tell<MessagesOf<Definition>>;
  /** One member after the other. */
  readonly next: GroupRoute<Definition>;
  /**
   * The member with least of the group's mail before it, waiting or in work; of equal ones, one after the other. What others have told a
   * member is not counted.
   */
  readonly smallest: GroupRoute<Definition>;
  /** Of all members always the same for a key, as long as none joins or leaves. */
  keyed(key: string): GroupRoute<Definition>;
  /** Adds a member; a second time changes nothing. */
  join(ref: ActorRef<Definition>): void;
  /** Takes a member out. */
  leave(ref: ActorRef<Definition>): void;
}

/** A group as the library sees it. */
export class Group implements ActorGroup<AnyActor> {
  private readonly all: Ref;
  private readonly post: () => Post;

  /** @param post who sends: the app, or the handler at work */
  constructor(all: Ref, post: () => Post) {
    this.all = all;
    this.post = post;
  }

  get tell(): Tell<MessagesOf<AnyActor>> {
    return this.all.tell as never;
  }

  get next(): GroupRoute<AnyActor> {
    return this.all.as(MailKind.toNext, '') as never;
  }

  get smallest(): GroupRoute<AnyActor> {
    return this.all.as(MailKind.toSmallest, '') as never;
  }

  keyed(key: string): GroupRoute<AnyActor> {
    return this.all.as(MailKind.toKeyed, String(key)) as never;
  }

  join(ref: ActorRef<AnyActor>): void {
    this.post().member(MailKind.join, this.all, ref as Ref);
  }

  leave(ref: ActorRef<AnyActor>): void {
    this.post().member(MailKind.leave, this.all, ref as Ref);
  }
}
