// `millrace init`: a folder to begin with.
// Promises: no file that is there is changed but package.json, which gets the scripts that it lacks; nothing is installed.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { errors } from '../errors.ts';
import { INIT_FILES, INIT_SCRIPTS } from './init-files.ts';
import { version } from './version.ts';
import { WrongUsage } from './wrong-usage.ts';

/** What `npm init` writes where it knows no test. */
const NO_TEST = /no test specified/;

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A name that npm takes. */
const packageName = (folder: string): string =>
  basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'flow';

function parsedManifest(path: string): Manifest {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch (cause) {
    throw new Error(`its package.json is no JSON (${(cause as Error).message}): mend it first`, { cause });
  }
}

function manifestFor(folder: string, path: string): Manifest {
  if (!existsSync(path)) {
    const [name, dependencies] = [packageName(folder), { millrace: `^${version()}` }];
    return { name, private: true, type: 'module', scripts: INIT_SCRIPTS, dependencies };
  }
  const found = parsedManifest(path);
  const own = Object.entries(found.scripts ?? {}).filter(([, script]) => !NO_TEST.test(script));
  return { ...found, scripts: { ...INIT_SCRIPTS, ...Object.fromEntries(own) } };
}

/**
 * Writes the files; gives what is to be printed.
 * @throws WrongUsage around USAGE if one of them is there already, or the folder cannot be written
 */
export function init(given: string): string {
  const folder = resolve(given);
  const taken = Object.keys(INIT_FILES).find((name) => existsSync(join(folder, name)));
  if (taken !== undefined)
    throw new WrongUsage(errors.usage(`${join(given, taken)} is there already: give another folder, or remove it`));
  try {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'package.json');
    const manifest = manifestFor(folder, path);
    writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
    for (const [name, text] of Object.entries(INIT_FILES)) writeFileSync(join(folder, name), text);
    return written(folder, manifest);
  } catch (cause) {
    throw new WrongUsage(errors.usage(`${given} cannot be written: ${(cause as Error).message}`));
  }
}

function written(folder: string, { dependencies }: Manifest): string {
  const into = relative(process.cwd(), folder);
  const steps = [
    ...(into === '' ? [] : [`cd ${/^[\w./-]+$/.test(into) ? into : JSON.stringify(into)}`]),
    ...(dependencies?.millrace === undefined || existsSync(join(folder, 'node_modules/millrace'))
      ? []
      : ['npm install']),
    'npm start',
    'npm test',
  ];
  return `wrote ${Object.keys(INIT_FILES).join(', ')} and package.json; next:\n${steps.map((step) => `  ${step}\n`).join('')}`;
}
