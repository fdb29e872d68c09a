// The layer check: imports in src/ point down only, in the order of the layers, and form no cycle.
// Promises: exits 1 with one line per offending import or cycle; prints a summary otherwise.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From the bottom to the top. A file may import its own layer and those before it. */
const LAYERS = [
  { name: 'errors', matches: (file: string) => file === 'errors.ts' || file === 'surplus.ts' },
  { name: 'mailbox', matches: (file: string) => file.startsWith('mailbox/') },
  { name: 'state', matches: (file: string) => file.startsWith('state/') },
  { name: 'actors', matches: (file: string) => file.startsWith('actors/') },
  { name: 'supervisor', matches: (file: string) => file.startsWith('supervisor/') },
  { name: 'testing', matches: (file: string) => file.startsWith('testing/') },
  { name: 'entry points', matches: (file: string) => /^(index|sources|sinks|testing)\.ts$/.test(file) },
  { name: 'cli', matches: (file: string) => file.startsWith('cli/') },
];

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'src');
const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/g;

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
);
const layerOf = (file: string): number => LAYERS.findIndex(({ matches }) => matches(file));

const imports = new Map<string, string[]>();
const problems: string[] = [];
for (const file of files) {
  if (layerOf(file) < 0) problems.push(`${file}: belongs to no layer`);
  const text = readFileSync(join(root, file), 'utf8');
  const targets = [...text.matchAll(IMPORT)].map((match) =>
    relative(root, resolve(root, dirname(file), (match[1] ?? match[2]) as string)),
  );
  imports.set(file, targets);
  for (const target of targets) {
    if (layerOf(target) > layerOf(file)) {
      problems.push(
        `${file} (${LAYERS[layerOf(file)].name}) imports ${target} (${LAYERS[layerOf(target)].name}) above it`,
      );
    }
  }
}

const finished = new Set<string>();
function visit(file: string, path: readonly string[]): void {
  if (path.includes(file)) {
    problems.push(`cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
    return;
  }
  if (finished.has(file)) return;
  for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
  finished.add(file);
}
for (const file of files) visit(file, []);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`layers: ${files.length} files, imports point down only, no cycle`);
