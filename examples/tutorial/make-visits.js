// Writes a million visits into one file: node make-visits.js visits-large.csv
import { closeSync, openSync, writeSync } from 'node:fs';

const [path = 'visits-large.csv'] = process.argv.slice(2);
const file = openSync(path, 'w');
writeSync(file, 'time,page,user,ms\n');
for (let i = 0; i < 1_000_000; i += 10_000) {
  let text = '';
  for (let j = i; j < i + 10_000; j++) {
    text += `${j},/page-${(j * 7) % 1000},user-${j % 9000},${100 + ((j * 31) % 400)}\n`;
  }
  writeSync(file, text);
}
closeSync(file);
