// The job's side of backups: hands what actors ship to the store, in order, and gives it back when state is to be restored.
// Promises: one write at a time for each actor; an actor hears of each of its backups whether the store has it; a store that
// fails is told, and costs nothing but the backup.
// Relies on: actors release their inputs only up to what is stored (src/actors/replica-backup.ts).

import { errors } from '../../errors.ts';
import { type Backup, type BackupStore, memoryBackup } from '../../state/images/backup.ts';
import type { Checkpoint } from '../../state/images/checkpoint.ts';
import type { ActorName } from '../../workers/control.ts';

/** Backups of keyed state while a job runs. */
export interface BackupOptions {
  /** Milliseconds between the backups of an actor. It also takes one when half of an input's ring waits for it. */
  everyMs: number;
  /**
   * When a crashed actor's state is restored from its backup, instead of being taken as it is in shared memory: `ifDamaged` (the
   * default) if that fails its integrity check, or `always`. What the backup does not reflect is processed again, with its
   * output dropped: for that operators must be deterministic.
   */
  restore?: 'ifDamaged' | 'always';
  /** Where backups are kept. Default: `memoryBackup()`, in the memory of the app's thread. */
  store?: BackupStore;
}

export type CheckedBackup = Required<BackupOptions>;

const EVERY_MS_MAX = 86_400_000;
const NAMES = ['everyMs', 'restore', 'store'];

/** @throws MillraceError BAD_OPTION */
export function checkBackup(options: BackupOptions | undefined): CheckedBackup | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null)
    throw errors.badOption('backup', options, 'an object { everyMs }');
  for (const name of Object.keys(options))
    if (!NAMES.includes(name)) throw errors.unknownOption(`'backup'`, name, NAMES);
  const { everyMs, restore = 'ifDamaged', store = memoryBackup() } = options;
  if (typeof everyMs !== 'number' || !(everyMs >= 1 && everyMs <= EVERY_MS_MAX)) {
    throw errors.badOption('backup.everyMs', everyMs, `milliseconds from 1 to ${EVERY_MS_MAX}`);
  }
  if (restore !== 'ifDamaged' && restore !== 'always') {
    throw errors.badOption('backup.restore', restore, `'ifDamaged' or 'always'`);
  }
  if (typeof store?.write !== 'function' || typeof store.read !== 'function') {
    throw errors.badOption('backup.store', store, 'a store such as memoryBackup()');
  }
  return { everyMs, restore, store };
}

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
