// Code blocks of README.md and docs/, and a folder to run them in.
// Promises: a block whose first line is `// name.js` is that file; a block that says `file=` is a file of examples/; all others are
// fragments.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './command.ts';

export interface CodeBlock {
  /** 'README.md', 'docs/state.md' */
  readonly page: string;
  readonly language: string;
  readonly text: string;
  /** The file of examples/ that it is a copy of. */
  readonly file: string | undefined;
  /** The file that its first line names. */
  readonly name: string | undefined;
}

const FENCED = /^```(\w+)(?: file=(\S+))?\n([\s\S]*?)^```$/gm;
const NAME = /^\/\/ ([\w.-]+\.js)\b/;

function blocksOf(page: string): CodeBlock[] {
  const blocks = readFileSync(join(ROOT, page), 'utf8').matchAll(FENCED);
  return [...blocks].map(([, language, file, text]) => ({ page, language, text, file, name: NAME.exec(text)?.[1] }));
}

const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

export const codeBlocks: readonly CodeBlock[] = ['README.md', ...PAGES].flatMap(blocksOf);

/** The block of a page that is the file `name`. */
export function namedBlock(page: string, name: string): string {
  const found = codeBlocks.find((block) => block.page === page && block.name === name);
  if (found === undefined) throw new Error(`${page} has no block that begins with '// ${name}'`);
  return found.text;
}

/** A folder in which 'millrace' is this package, with files in it. */
export function docsFolder(files: Readonly<Record<string, string>>): {
  readonly path: string;
  remove(): void;
} {
  const path = mkdtempSync(join(ROOT, 'dist/docs-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, remove: () => rmSync(path, { recursive: true }) };
}
