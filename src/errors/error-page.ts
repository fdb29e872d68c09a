// Where the docs of the installed version tell of an error.
// Relies on docs/ being in the package, and on docs/errors.md having an anchor for each code (scripts/error-docs.ts).

import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from './codes.ts';

const PAGE = new URL('../../../docs/errors.md', import.meta.url);
const CODES: ReadonlySet<string> = new Set(Object.values(ERROR_CODES).flatMap((group) => Object.keys(group)));

/** The path of the page with the anchor of a code; undefined for what is no code of Millrace. */
export const errorPage = (code: unknown): string | undefined =>
  typeof code === 'string' && CODES.has(code) ? `${fileURLToPath(PAGE)}#${code}` : undefined;
