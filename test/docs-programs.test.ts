// Goal: every program in README.md and docs/ runs, and gives what the page shows below it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAIN, type Outcome, ROOT, start } from './kit/command.ts';
import { codeBlocks, docsFolder, namedBlock } from './kit/docs-code.ts';

type Files = Readonly<Record<string, string>>;

/** The lines below `$ command` on a page. */
function shown(page: string, command: string): string {
  const consoles = codeBlocks.filter((block) => block.page === page && block.language === 'console');
  for (const { text } of consoles) {
    const at = `${text}$ `.split('$ ').find((each) => each.startsWith(`${command}\n`));
    if (at !== undefined) return at.slice(command.length + 1);
  }
  throw new Error(`${page} does not show '$ ${command}'`);
}

/** Runs `node …main` in a folder with these files. */
async function run(files: Files, ...main: readonly string[]): Promise<Outcome> {
  const folder = docsFolder(files);
  try {
    const [first, ...others] = main;
    return await start(first, others, folder.path).done;
  } finally {
    folder.remove();
  }
}

const wordCount = { 'word-count.js': namedBlock('README.md', 'word-count.js') };
const covered = new Set<string>();
const named = (page: string, name: string): Files => {
  covered.add(`${page} ${name}`);
  return { [name]: namedBlock(page, name) };
};

test('README.md: app.js', async () => {
  const rhyme = { 'rhyme.txt': shown('README.md', 'cat rhyme.txt') };
  const files = { ...wordCount, ...named('README.md', 'word-count.js'), ...named('README.md', 'app.js'), ...rhyme };
  const { code, stdout, stderr } = await run(files, 'app.js');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, shown('README.md', 'node app.js'));
});

test('dataflow.md: long-words.js', async () => {
  const files = { ...named('docs/dataflow.md', 'long-words.js'), 'rhyme.txt': 'a mill grinds\nslowly but surely\n' };
  const help = await run(files, MAIN, 'run', 'long-words.js', '--help');
  assert.equal(help.code, 0, help.stderr);
  const [parameters] = shown('docs/dataflow.md', 'npx millrace run long-words.js --help').split('…');
  assert.equal(help.stdout.slice(0, parameters.length), parameters);
  const misspelt = await run(files, MAIN, 'run', 'long-words.js', '--fiel', 'rhyme.txt');
  assert.equal(misspelt.code, 2);
  assert.equal(misspelt.stderr, shown('docs/dataflow.md', 'npx millrace run long-words.js --fiel rhyme.txt'));
  const done = await run(files, MAIN, 'run', 'long-words.js', '--file', 'rhyme.txt', '--print', 'lengths');
  assert.equal(done.stdout, '6\n6\n6\n', done.stderr);
});

test('dataflow.md: total.js', async () => {
  const { stdout, stderr } = await run(named('docs/dataflow.md', 'total.js'), MAIN, 'run', 'total.js');
  assert.equal(stdout, shown('docs/dataflow.md', 'npx millrace run total.js'), stderr);
});

test('command-line.md: check', async () => {
  const page = 'docs/command-line.md';
  const files = { ...wordCount, 'rhyme.txt': 'round\n' };
  const checked = await run(files, MAIN, 'check', 'word-count.js', '--file', 'rhyme.txt');
  assert.equal(`${checked.stdout}`, shown(page, 'npx millrace check word-count.js --file rhyme.txt'), checked.stderr);
  const failed = await run(files, MAIN, 'run', 'word-count.js', '--file', 'nowhere.txt');
  const [line, see] = shown(page, 'npx millrace run word-count.js --file nowhere.txt').split('\n');
  assert.equal(failed.stderr.split('\n')[0], line);
  assert.ok(failed.stderr.split('\n')[1].endsWith(see.replace('  see node_modules/millrace', '')), failed.stderr);
});

test('first-result.md: sales.js', async () => {
  const page = 'docs/first-result.md';
  const files = { ...named(page, 'sales.js'), 'sales.csv': shown(page, 'cat sales.csv') };
  const { stdout, stderr } = await run(files, MAIN, 'run', 'sales.js', '--file', 'sales.csv', '--workers', '1');
  const lines = (text: string): string[] => text.trimEnd().split('\n').sort();
  assert.deepEqual(lines(stdout), lines(shown(page, 'npx millrace run sales.js --file sales.csv')), stderr);
});

test('README.md: bank.js', async () => {
  const files = { ...named('README.md', 'account.js'), ...named('README.md', 'bank.js') };
  const { code, stdout, stderr } = await run(files, 'bank.js');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, shown('README.md', 'node bank.js'));
});

test('actors.md: app.js', async () => {
  const files = { ...named('docs/actors.md', 'bank.js'), ...named('docs/actors.md', 'app.js') };
  const { code, stdout, stderr } = await run(files, 'app.js');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, shown('docs/actors.md', 'node app.js'));
});

test('actors.md: office.js', async () => {
  const files = { ...named('docs/actors.md', 'till.js'), ...named('docs/actors.md', 'office.js') };
  const { code, stdout, stderr } = await run(files, 'office.js');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, shown('docs/actors.md', 'node office.js'));
});

test('actors.md: pay.js', async () => {
  const files = { ...named('docs/actors.md', 'shop.js'), ...named('docs/actors.md', 'pay.js') };
  const { code, stdout, stderr } = await run(files, 'pay.js');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, shown('docs/actors.md', 'node pay.js'));
});

test('dataflow.md: show.js', async () => {
  const files = { ...named('docs/dataflow.md', 'triage.js'), ...named('docs/dataflow.md', 'show.js') };
  const { code, stdout, stderr } = await run(files, 'show.js');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, shown('docs/dataflow.md', 'node show.js'));
});

test('dataflow.md: costs.js', async () => {
  const reads = `import { costs } from './costs.js';
const job = await costs.run({ workers: 2 });
const found = [];
for await (const { n } of job.output('costs')) found.push(n);
console.log(JSON.stringify(found));`;
  const files = { ...named('docs/dataflow.md', 'costs.js'), 'reads.js': reads };
  const { code, stdout, stderr } = await run(files, 'reads.js');
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    JSON.parse(stdout),
    Array.from({ length: 500 }, (_, i) => 2 * i + 1),
  );
});

test('recovery.md: drill.js', async () => {
  // The job must last beyond the drill, which comes after 600 ms.
  const whales = 4000;
  const book = `${readFileSync(join(ROOT, 'LICENSE'), 'utf8')}\nA whale!\n`.repeat(whales);
  const files = { ...wordCount, ...named('docs/recovery.md', 'drill.js'), 'book.txt': book };
  const { code, stdout, stderr } = await run(files, 'drill.js');
  assert.equal(code, 0, stderr);
  const [crash] = shown('docs/recovery.md', 'node drill.js').split('\n');
  assert.ok(stdout.startsWith(`${crash}\n`), stdout);
  assert.ok(stdout.endsWith(`whales: ${whales} in state: { count: ${whales} }\n`), stdout);
});

test('recovery.md: backup.js', async () => {
  const { code, stdout, stderr } = await run(named('docs/recovery.md', 'backup.js'), 'backup.js');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^visits\/count\/0 full: \d+ rows\n/);
  assert.match(stdout, /\nworker 1 was terminated by killWorker\(\)\n(?:.*\n)*visits in state: 200000\n$/);
});

test('supervision.md: shop.js', async () => {
  const { code, stdout, stderr } = await run(named('docs/supervision.md', 'shop.js'), 'shop.js');
  assert.equal(code, 0, stderr);
  // A machine that is busy may take a worker for one that hangs, so other crashes may come between these.
  const lasting = (text: string): string[] => text.split('\n').filter((line) => !line.startsWith('WORKER_'));
  assert.deepEqual(lasting(stdout).sort(), lasting(shown('docs/supervision.md', 'node shop.js')).sort());
});

test('supervision.md: grid.js', async () => {
  const { code, stdout, stderr } = await run(named('docs/supervision.md', 'grid.js'), 'grid.js');
  assert.equal(code, 0, stderr);
  const steps = (text: string): string[] =>
    text.split('\n').flatMap((line) => /^ *\d+ ms (.*)$/.exec(line)?.slice(1) ?? []);
  assert.deepEqual(steps(stdout), steps(shown('docs/supervision.md', 'node grid.js')));
  assert.match(
    stdout,
    /\nRESTART_INTENSITY: supervisor 'grid' gave up: .*\nSUPERVISOR REPORT\n {4}supervisor: grid\/bill\n/,
  );
});

test('testing.md: sensors.test.js', async () => {
  const files = { ...named('docs/testing.md', 'sensors.js'), ...named('docs/testing.md', 'sensors.test.js') };
  const { code, stdout } = await run(files, '--test', '--test-reporter=spec', 'sensors.test.js');
  assert.equal(code, 1, 'the third test is of a wrong operator');
  const told = (text: string): string[] =>
    text.match(/^[✔✖] .*(?= \()|NOT_REPEATABLE|did not emit [^,]*,[^,]*/gm) ?? [];
  for (const line of told(shown('docs/testing.md', 'node --test --test-reporter=spec sensors.test.js'))) {
    assert.ok(told(stdout).includes(line), `${line}\n${stdout}`);
  }
});

test('testing.md: bank.test.js', async () => {
  const files = { ...named('docs/actors.md', 'bank.js'), ...named('docs/testing.md', 'bank.test.js') };
  const { code, stdout } = await run(files, '--test', '--test-reporter=spec', 'bank.test.js');
  assert.equal(code, 0, stdout);
  const told = (text: string): string[] => text.match(/^[✔✖] .*(?= \()/gm) ?? [];
  assert.deepEqual(told(stdout), told(shown('docs/testing.md', 'node --test --test-reporter=spec bank.test.js')));
});

test('testing.md: order.js', async () => {
  const files = { ...named('docs/actors.md', 'bank.js'), ...named('docs/testing.md', 'order.js') };
  const { code, stdout, stderr } = await run(files, 'order.js');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, shown('docs/testing.md', 'node order.js'));
});

test('timers.md: silences.test.js', async () => {
  const files = { ...named('docs/timers.md', 'silences.js'), ...named('docs/timers.md', 'silences.test.js') };
  const { code, stderr } = await run(files, 'silences.test.js');
  assert.equal(code, 0, stderr);
});

for (const [page, flow, check] of [
  ['docs/timers.md', 'payments.js', 'payments.test.js'],
  ['docs/time.md', 'alarms.js', 'alarms.test.js'],
  ['docs/windows.md', 'traffic.js', 'traffic.test.js'],
  ['docs/windows.md', 'board.js', 'board.test.js'],
] as const) {
  test(`${page.slice(5)}: ${check}`, async () => {
    const { code, stderr } = await run({ ...named(page, flow), ...named(page, check) }, check);
    assert.equal(code, 0, stderr);
  });
}
test('joins.md: payments.test.js', async () => {
  const files = { ...named('docs/joins.md', 'payments.js'), ...named('docs/joins.md', 'payments.test.js') };
  const { code, stderr } = await run(files, 'payments.test.js');
  assert.equal(code, 0, stderr);
});

test('every block that is a file is run above', () => {
  const all = codeBlocks.filter(({ name }) => name !== undefined).map(({ page, name }) => `${page} ${name}`);
  assert.deepEqual(
    all.filter((each) => !covered.has(each)),
    [],
  );
});
