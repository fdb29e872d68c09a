// The library without transactions: it saves no image before a change and fills no commit slot, so nothing can be rolled back.
// Exists to show what transactions cost; a job of it must not crash.

import { type LibraryVariant, libraryVariant } from './library-variant.ts';

const beginsWith = (passage: string, statement: string) => ({ passage, replacement: `${passage}${statement}` });

export const openWithoutTransactions = (): LibraryVariant =>
  libraryVariant('without-transactions', [
    beginsWith('save(space,from,index,length){', 'return;'),
    beginsWith('function saveRowCode(cells){', "return '';"),
    { passage: 'if (i32[p] !== stamp) save(arena, p, stamp); return p;', replacement: 'return p;' },
    // Slot 0 is what a job begins with.
    beginsWith('write(commitNumber,record){', 'if (commitNumber !== 0) return;'),
  ]);
