#!/usr/bin/env node
// `npm create millrace [folder]`: `millrace init` of the version that it comes with.

import { readFileSync } from 'node:fs';
import process from 'node:process';

const manifest = new URL(import.meta.resolve('millrace/package.json'));
const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
process.argv.splice(2, 0, 'init');
await import(new URL(bin.millrace, manifest).href);
