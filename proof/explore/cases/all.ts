// All cases, by name.

import type { ExplorerCase } from '../scene.ts';
import { activationCases } from './activation-cases.ts';
import { appCases } from './app-cases.ts';
import { handOverCases } from './hand-over-cases.ts';
import { loopCases } from './loop-cases.ts';
import { placeCases } from './place-cases.ts';
import { recoveryCases } from './recovery-cases.ts';
import { ringCases } from './ring-cases.ts';
import { timeCases } from './time-cases.ts';

export const cases: readonly ExplorerCase[] = [
  ...ringCases,
  ...activationCases,
  ...appCases,
  ...recoveryCases,
  ...handOverCases,
  ...loopCases,
  ...timeCases,
  ...placeCases,
];

export function caseNamed(name: string): ExplorerCase {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no case '${name}': ${cases.map((each) => each.name).join(', ')}`);
  return found;
}
