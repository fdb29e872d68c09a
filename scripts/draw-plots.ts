// Draws the pictures of docs/plots again from the data beside them: `npm run draw:plots`.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redraw } from '../bench/plot/write-plot.ts';

const FOLDER = fileURLToPath(new URL('../../docs/plots/', import.meta.url));

for (const file of await readdir(FOLDER)) if (file.endsWith('.json')) await redraw(join(FOLDER, file));
