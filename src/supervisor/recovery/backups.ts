// The job's side of backups: hands what actors ship to the store, in order, and gives it back when state is to be restored.
// Promises: one write at a time for each actor; an actor hears of each of its backups whether the store has it; a store that
// fails is told, and costs nothing but the backup.
// Relies on: actors release their inputs only up to what is stored (src/actors/replica-backup.ts).

import { checkOptions } from '../../options/check.ts';
import { choice, number, value } from '../../options/kinds.ts';
import { type Given, ownEntry } from '../../options/option.ts';
import { type Backup, type BackupStore, memoryBackup } from '../../state/images/backup.ts';
import type { Checkpoint } from '../../state/images/checkpoint.ts';
import type { ActorName } from '../../workers/control.ts';

const EVERY_MS_MAX = 86_400_000;

const isStore = (given: unknown): given is BackupStore => {
  const store = given as Partial<BackupStore> | null;
  return typeof store?.write === 'function' && typeof store.read === 'function';
};

export const BACKUP_OPTIONS = {
  /**
   * Time between the backups of an actor with keyed state; it also takes one when half of an input's ring waits for it:
   * milliseconds from 1 to 86400000.
   */
  everyMs: number({
    help: "time between the backups of an actor with keyed state; it also takes one when half of an input's ring waits for it",
    unit: 'milliseconds',
    from: 1,
    to: EVERY_MS_MAX,
    isRequired: true,
  }),
  /**
   * When a crashed actor's state is restored from its backup: `ifDamaged` if the live image fails its check, `always`
   * after each crash, for which operators must be deterministic: 'ifDamaged' or 'always'. Default: `ifDamaged`.
   */
  restore: choice(['ifDamaged', 'always'], {
    help: "when a crashed actor's state is restored from its backup: `ifDamaged` if the live image fails its check, `always` after each crash, for which operators must be deterministic",
    default: 'ifDamaged',
  }),
  /**
   * Where backups are kept: `write`, `read` and `remove`, whose promises are awaited: a store such as memoryBackup().
   * Default: `memoryBackup()`.
   */
  store: value('a store such as memoryBackup()', isStore, {
    help: 'where backups are kept: `write`, `read` and `remove`, whose promises are awaited',
    defaultText: '`memoryBackup()`',
  }),
};

/** Backups of keyed state while a job runs. See docs/recovery.md. */
export interface BackupOptions extends Given<typeof BACKUP_OPTIONS> {
  everyMs: number;
}

export type CheckedBackup = Required<BackupOptions>;

const RULE = 'an object { everyMs }';

/** The entry of run()'s table. */
export const BACKUP_OPTION = ownEntry<BackupOptions, CheckedBackup | undefined>({
  help: 'backups of keyed state, for the case that its live image is damaged',
  rule: RULE,
  defaultText: 'none',
  page: 'recovery.md#backups-and-restore',
  within: BACKUP_OPTIONS,
  read(given, { where, name }) {
    const { everyMs, restore, store = memoryBackup() } = checkOptions(where, BACKUP_OPTIONS, given, name, RULE);
    return { everyMs, restore, store };
  },
  absent: () => undefined,
});

export class Backups {
  private readonly options: CheckedBackup;
  private readonly nameOf: (actor: ActorName) => string;
  private readonly failed: (actor: ActorName, error: unknown) => void;
  /** The last write of each actor. */
  private readonly writes = new Map<string, Promise<void>>();
  /** Actors whose backups, if the store still has any, are of a former life. */
  private readonly forgotten = new Set<string>();

  /** @param failed told of a backup that the store did not take */
  constructor(
    options: CheckedBackup,
    nameOf: (actor: ActorName) => string,
    failed: (actor: ActorName, error: unknown) => void,
  ) {
    this.options = options;
    this.nameOf = nameOf;
    this.failed = failed;
  }

  get restoresAlways(): boolean {
    return this.options.restore === 'always';
  }

  /** Writes a backup behind those before it; `done` hears whether the store has it. */
  write(actor: ActorName, backup: Backup, done: (isStored: boolean) => void): void {
    const name = this.nameOf(actor);
    const before = this.writes.get(name) ?? Promise.resolve();
    const write = before
      .then(() => this.options.store.write(name, backup))
      .then(() => void this.forgotten.delete(name))
      .then(
        () => done(true),
        (error: unknown) => {
          this.failed(actor, error);
          done(false);
        },
      );
    this.writes.set(name, write);
  }

  /** The state at the actor's last backup; undefined if there is none. */
  async read(actor: ActorName): Promise<Checkpoint | undefined> {
    const name = this.nameOf(actor);
    await this.writes.get(name);
    return this.forgotten.has(name) ? undefined : this.options.store.read(name);
  }

  /** Nothing that the store has of an actor is read again. That it could not remove it is told as of a backup. */
  async forget(actor: ActorName): Promise<void> {
    const name = this.nameOf(actor);
    await this.writes.get(name);
    this.forgotten.add(name);
    try {
      await this.options.store.remove(name);
    } catch (error) {
      this.failed(actor, error);
    }
  }

  /** Resolves when nothing is being written any more. */
  async settle(): Promise<void> {
    await Promise.all(this.writes.values());
  }
}
