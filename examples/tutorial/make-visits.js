// Writes a million visits in four files: node make-visits.js <folder>
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
for (let file = 0; file < 4; file++) {
  let text = 'time,page,user,ms\n';
  for (let i = 0; i < 250_000; i++) {
    text += `${i},/page-${(i * 7 + file) % 1000},user-${i % 9000},${100 + ((i * 31) % 400)}\n`;
  }
  writeFileSync(join(folder, `visits-${file}.csv`), text);
}
