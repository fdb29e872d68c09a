// The definitions of a system, and the numbers that mail names them by: a list in shared memory that any thread adds to.
// Promises: a definition has one number in all threads; a thread that meets a number it does not know imports the module, and refuses a
// definition that is not the one that was added.

import { randomInt } from 'node:crypto';
import { errors } from '../errors.ts';
import { exportedValues } from '../flow/module-exports.ts';
import { allocateShared } from '../mailbox/shared-memory.ts';
import { type AnyActor, isActor } from './definition.ts';
import { fingerprintOf } from './fingerprint.ts';
import { LoadedActor } from './loaded-actor.ts';

/** Cells of the list's header: a lock, definitions, and blocks of ids that are given away. */
const LOCK = 0;
const COUNT = 1;
const BLOCKS = 2;
/** Tells systems apart. */
const SYSTEM = 3;
const HEADER_CELLS = 4;
const LIST_BYTES = 1 << 20;
/** Definitions of one system: as many as their part of a type can tell apart, and far more than fit the list. */
const DEFINITIONS_MAX = 1 << 20;

/** Ids of one block. */
const BLOCK_IDS = 1 << 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is left of a thread's block of ids. */
export interface NextIds {
  readonly next: number;
  readonly last: number;
}

/** How a thread comes by the modules of actors. */
export interface ActorModules {
  /** Imports the module of a URL. */
  load(moduleUrl: string): Promise<unknown>;
  /** What all threads call the module that has told this URL as its own. */
  nameOf(moduleUrl: string): string;
}

const MODULES: ActorModules = { load: (moduleUrl) => import(moduleUrl), nameOf: (moduleUrl) => moduleUrl };

export class Definitions {
  readonly memory: SharedArrayBuffer;
  private readonly modules: ActorModules;
  private readonly cells: Int32Array;
  private readonly bytes: Uint8Array;
  /** Of each number, where its entry starts. */
  private readonly starts: number[] = [];
  private readonly loaded: (LoadedActor | undefined)[] = [];
  private readonly byDefinition = new Map<AnyActor, LoadedActor>();
  private readonly loading = new Map<number, Promise<LoadedActor>>();
  private nextId = 0;
  private lastId = 0;

  /** By their memory: replicas on one thread share what they load. */
  private static readonly known = new WeakMap<SharedArrayBuffer, Definitions>();

  /** The definitions of a system, in this thread. */
  static over(memory: SharedArrayBuffer): Definitions {
    const known = Definitions.known.get(memory);
    if (known !== undefined) return known;
    const definitions = new Definitions(memory);
    Definitions.known.set(memory, definitions);
    return definitions;
  }

  /** The same in a thread of its own, as a test plays one: nothing is loaded yet, and modules are loaded in another way. */
  static apart(memory: SharedArrayBuffer, modules: ActorModules): Definitions {
    return new Definitions(memory, modules);
  }

  private constructor(memory: SharedArrayBuffer, modules = MODULES) {
    this.memory = memory;
    this.modules = modules;
    this.cells = new Int32Array(memory, 0, HEADER_CELLS);
    this.bytes = new Uint8Array(memory, HEADER_CELLS * 4);
  }

  /**
   * @param system the number of the system; by default one by chance
   * @throws MillraceError OUT_OF_MEMORY
   */
  static allocate(system = randomInt(1, 2 ** 31)): SharedArrayBuffer {
    const memory = allocateShared({ of: 'the definitions of a system', option: 'workers' }, LIST_BYTES, LIST_BYTES);
    new Int32Array(memory)[SYSTEM] = system;
    return memory;
  }

  /** The number that the addresses of its actors begin with. */
  get system(): number {
    return this.cells[SYSTEM];
  }

  /** An id that no actor has had. */
  takeId(): number {
    if (this.nextId === this.lastId) {
      this.nextId = 1 + Atomics.add(this.cells, BLOCKS, 1) * BLOCK_IDS;
      this.lastId = this.nextId + BLOCK_IDS;
    }
    return this.nextId++;
  }

  /** Which ids come next, for {@link idsFrom}: a test that has a batch run twice has it run with the same ones. */
  get nextIds(): NextIds {
    // Whoever goes back to the end of a block would get another one.
    if (this.nextId === this.lastId) this.nextId = this.takeId();
    return { next: this.nextId, last: this.lastId };
  }

  /** Ids come from here again. All that were taken since must have been rolled back. */
  idsFrom({ next, last }: NextIds): void {
    this.nextId = next;
    this.lastId = last;
  }

  /** What a number stands for, if this thread has loaded it. */
  at(index: number): LoadedActor | undefined {
    return this.loaded[index];
  }

  /** The definition as this thread uses it, with its number. */
  of(definition: AnyActor): LoadedActor {
    const known = this.byDefinition.get(definition);
    if (known !== undefined) return known;
    if (!isActor(definition)) throw errors.badOption('definition', definition, 'what actor() has made');
    const text = `${this.modules.nameOf(definition.moduleUrl)}\n${definition.name}`;
    return this.keep(definition, this.numberOf(text, fingerprintOf(definition)));
  }

  private keep(definition: AnyActor, index: number): LoadedActor {
    const loaded = this.loaded[index] ?? new LoadedActor(definition, index, this.system);
    this.loaded[index] = loaded;
    this.byDefinition.set(definition, loaded);
    return loaded;
  }

  /** Loads what a number stands for. @throws MillraceError BAD_ACTOR */
  load(index: number): Promise<LoadedActor> {
    const known = this.loaded[index];
    if (known !== undefined) return Promise.resolve(known);
    let loading = this.loading.get(index);
    if (loading === undefined) {
      loading = this.import(index);
      this.loading.set(index, loading);
    }
    return loading;
  }

  /** Loads all that there are. One that cannot be loaded is told of when its first actor is to begin. */
  async loadAll(): Promise<void> {
    const count = Atomics.load(this.cells, COUNT);
    await Promise.allSettled(Array.from({ length: count }, (_, i) => this.load(i + 1)));
  }

  private async import(index: number): Promise<LoadedActor> {
    const [moduleUrl, name, fingerprint] = this.entry(index).split('\n');
    let found: AnyActor | undefined;
    try {
      const module = (await this.modules.load(moduleUrl)) as Record<string, unknown>;
      found = exportedValues(module)
        .filter(isActor)
        .find((each) => each.name === name && this.modules.nameOf(each.moduleUrl) === moduleUrl);
    } catch (cause) {
      throw errors.actorModule(name, moduleUrl, cause);
    }
    if (found === undefined) throw errors.actorModule(name, moduleUrl, new Error('the module does not export it'));
    if (fingerprintOf(found) !== fingerprint) throw errors.actorDiffers(name, moduleUrl);
    return this.keep(found, index);
  }

  private entry(index: number): string {
    this.readOn();
    const start = this.starts[index];
    if (start === undefined) throw errors.invariant(`definition ${index} is in the list`);
    const view = new DataView(this.memory, HEADER_CELLS * 4 + start);
    return decoder.decode(this.bytes.slice(start + 4, start + 4 + view.getUint32(0)));
  }

  /** Takes up what other threads have added. */
  private readOn(): void {
    const count = Atomics.load(this.cells, COUNT);
    if (this.starts.length === 0) this.starts.push(-1);
    while (this.starts.length <= count) {
      this.starts.push(this.endOf(this.starts.length - 1));
    }
  }

  /** Where the entry of a number ends, and the one behind it begins. */
  private endOf(index: number): number {
    if (index === 0) return 0;
    const start = this.starts[index];
    return start + 4 + new DataView(this.memory, HEADER_CELLS * 4 + start).getUint32(0);
  }

  /**
   * The number of a definition, which is added if it is not there.
   * @throws MillraceError ACTOR_DIFFERS, BAD_ACTOR
   */
  private numberOf(text: string, fingerprint: string): number {
    // Held for some microseconds; who dies within leaves the list as it was, but for the lock: a later one takes that over.
    for (let tries = 0; Atomics.compareExchange(this.cells, LOCK, 0, 1) !== 0; tries++) {
      if (tries > 0 && Atomics.wait(this.cells, LOCK, 1, 10) === 'timed-out') break;
    }
    try {
      this.readOn();
      const count = Atomics.load(this.cells, COUNT);
      for (let index = 1; index <= count; index++) {
        const entry = this.entry(index);
        if (!entry.startsWith(`${text}\n`)) continue;
        const [moduleUrl, name, known] = entry.split('\n');
        if (known !== fingerprint) throw errors.actorDiffers(name, moduleUrl);
        return index;
      }
      const bytes = encoder.encode(`${text}\n${fingerprint}`);
      // Behind the last one that counts: whoever died here may have left the beginning of another one.
      const start = this.endOf(count);
      if (start + 4 + bytes.length > this.bytes.length || count >= DEFINITIONS_MAX) {
        throw errors.badActor(text.split('\n')[1], 'is one definition more than a system has room for: 1 MiB of names');
      }
      new DataView(this.memory, HEADER_CELLS * 4 + start).setUint32(0, bytes.length);
      this.bytes.set(bytes, start + 4);
      Atomics.store(this.cells, COUNT, count + 1);
      this.readOn();
      return count + 1;
    } finally {
      Atomics.store(this.cells, LOCK, 0);
      Atomics.notify(this.cells, LOCK);
    }
  }
}
