// A variant of the library, made for one benchmark: a copy of the compiled library and of the benchmarks' flows, in which
// passages are replaced. Production code needs no switch for it.
// Promises: each passage stands in exactly one place of the library, wherever its file is; else there is no variant but an error.
// Relies on: the copy being inside the package, so that its imports of other packages resolve; workers import the library
// from beside the flow's module, so all threads of the variant's jobs run the variant.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What is replaced: text of the compiled library, in which there is no white space but within strings and where it must be. */
export interface Edit {
  readonly passage: string;
  readonly replacement: string;
}

export interface LibraryVariant {
  /** The variant of a compiled module, by its path from the root: 'bench/flows/recovery.js'. */
  load<Module>(path: string): Promise<Module>;
  /** Deletes the copy. Jobs of the variant must have ended. */
  remove(): void;
}

const compiled = fileURLToPath(new URL('../../', import.meta.url));

const isCode = (name: string): boolean => /\.[cm]?js$/.test(name);

/** Applies edits to the code of a folder. */
export function editFolder(folder: string, edits: readonly Edit[]): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isCode);
  const texts = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  for (const { passage, replacement } of edits) {
    const places = [...texts].flatMap(([name, text]) => new Array<string>(text.split(passage).length - 1).fill(name));
    if (places.length !== 1) {
      throw new Error(
        `a variant of the library needs ${JSON.stringify(passage)} in exactly one place, but it stands in ` +
          `${places.join(', ') || 'none'}: bring the variant's edits in line with the library's code`,
      );
    }
    const [name] = places;
    const text = (texts.get(name) as string).replace(passage, () => replacement);
    texts.set(name, text);
    writeFileSync(join(folder, name), text);
  }
}

/** Makes a variant by edits to the compiled library. */
export function libraryVariant(name: string, edits: readonly Edit[]): LibraryVariant {
  const root = mkdtempSync(join(compiled, `variant-${name}-`));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  try {
    for (const folder of ['src', 'bench']) {
      cpSync(join(compiled, folder), join(root, folder), {
        recursive: true,
        filter: (path) => !basename(path).includes('.') || isCode(path),
      });
    }
    editFolder(join(root, 'src'), edits);
  } catch (error) {
    remove();
    throw error;
  }
  return { load: (path) => import(pathToFileURL(join(root, path)).href), remove };
}
