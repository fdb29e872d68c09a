// Goal: what is typed becomes the command that was meant, and nonsense is refused before anything runs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paramValue, parseArguments, type RunCommand } from '../../src/cli/arguments.ts';
import { COMMAND_FLAGS, RUN_FLAGS } from '../../src/cli/command-options.ts';
import { HELP } from '../../src/cli/help.ts';

const parse = (text: string): RunCommand => {
  const command = parseArguments(text.split(' ').filter((word) => word !== ''));
  assert.equal(command.kind, 'run');
  return command as RunCommand;
};
const fails = (text: string, code: string, message: RegExp): void =>
  assert.throws(() => parseArguments(text.split(' ').filter((word) => word !== '')), { code, message });

test('a module, options and params in any order', () => {
  const command = parse('run --workers 3 flow.js --file a.txt --ring-bytes=65536 --max-words 5 --json --fast');
  assert.deepEqual(command, {
    kind: 'run',
    module: 'flow.js',
    flow: undefined,
    options: { workers: 3, ringBytes: 65536 },
    params: { file: 'a.txt', maxWords: 5, fast: true },
    texts: { file: 'a.txt', maxWords: '5', fast: true },
    lookalikes: [],
    json: true,
    progress: undefined,
    verbose: false,
    allowDeadLetters: false,
    output: undefined,
  });
});

test('options of recovery', () => {
  const { options, params, verbose, allowDeadLetters } = parse(
    'run flow.js --spares 0 --hang-timeout-ms 500 --fence-timeout-ms=1000 --shutdown-timeout-ms 0 --verbose --allow-dead-letters',
  );
  assert.deepEqual(options, { spares: 0, hangTimeoutMs: 500, fenceTimeoutMs: 1000, shutdownTimeoutMs: 0 });
  assert.deepEqual(params, {});
  assert.equal(verbose, true);
  assert.equal(allowDeadLetters, true);
});

test('options of scaling', () => {
  assert.deepEqual(parse('run flow.js --workers 2 --scaling threshold --max-workers 6').options, {
    workers: 2,
    maxWorkers: 6,
    scaling: { policy: 'threshold' },
  });
  assert.deepEqual(parse('run flow.js --scaling-mode=plan').options, { scaling: { mode: 'plan' } });
  assert.deepEqual(parse('run flow.js -- --scaling 5').params, { scaling: 5 });
});

test('numbers, true and false are converted, the rest stays text', () => {
  const values: [string, unknown][] = [
    ['5', 5],
    ['-2.5e3', -2500],
    ['true', true],
    ['false', false],
    ['007', '007'],
    ['1,5', '1,5'],
    ['', ''],
    ['NaN', 'NaN'],
    ['0x10', '0x10'],
    ['1e999', '1e999'],
    ['9007199254740993', '9007199254740993'],
    ['null', 'null'],
  ];
  for (const [text, value] of values) assert.equal(paramValue(text), value, text);
});

test('a negative number is a value, another option is not', () => {
  assert.deepEqual(parse('run x.js --from -5 --dry --to 5').params, { from: -5, dry: true, to: 5 });
});

test('values may hold equals signs and be empty', () => {
  assert.deepEqual(parse('run x.js --where=a=b --empty=').params, { where: 'a=b', empty: '' });
});

test('after -- every option is a param', () => {
  const command = parse('run x.js --workers 2 -- --workers 9 --json');
  assert.deepEqual(command.options, { workers: 2 });
  assert.deepEqual(command.params, { workers: 9, json: true });
  assert.equal(command.json, false);
});

test('a param may have the name of an object property', () => {
  const { params } = parse('run x.js --constructor 1 --toString 2');
  assert.deepEqual(Object.entries(params), [
    ['constructor', 1],
    ['toString', 2],
  ]);
});

test('help and version', () => {
  assert.equal(parseArguments(['--help']).kind, 'help');
  assert.equal(parseArguments(['run', '--help']).kind, 'help');
  assert.equal(parseArguments(['--version']).kind, 'version');
  assert.equal(parseArguments(['run', 'x.js', '--version']).kind, 'version');
  assert.deepEqual(parse('run x.js -- --version 5 --help').params, { version: 5, help: true });
});

test('an option is not the value of the one before it; a lone dash is a value', () => {
  fails('run x.js --workers --json', 'USAGE', /--workers needs a value/);
  fails('run x.js --flow --file a.txt', 'USAGE', /--flow needs a value/);
  const { params, json } = parse('run x.js --file - --json --dry --n=5');
  assert.deepEqual(params, { file: '-', dry: true, n: 5 });
  assert.equal(json, true);
});

test('the help names every flag, with its default', () => {
  for (const { name, placeholder, defaultText } of [...COMMAND_FLAGS, ...RUN_FLAGS]) {
    assert.ok(HELP.includes(`\n  --${name}${placeholder === undefined ? '' : ` ${placeholder}`} `), name);
    if (placeholder !== undefined && defaultText !== '')
      assert.ok(HELP.replace(/\s+/g, ' ').includes(`(default: ${defaultText.replaceAll('`', '')})`), name);
  }
});

test('nonsense is refused', () => {
  fails('', 'USAGE', /no command/);
  fails('walk x.js', 'USAGE', /no command 'walk'/);
  fails('run', 'USAGE', /path of a module/);
  fails('run a.js b.js', 'USAGE', /'b.js' is a second/);
  fails('run a.js -w 3', 'USAGE', /no option '-w'/);
  fails('run a.js --workers', 'USAGE', /needs a value/);
  fails('run a.js --workers 2 --workers 3', 'USAGE', /given twice/);
  fails('run a.js --file a --file b', 'USAGE', /given twice/);
  fails('run a.js --json=yes', 'USAGE', /takes no value/);
  fails('run a.js --=5', 'USAGE', /names no option/);
  fails('run a.js --workers 0', 'BAD_OPTION', /'workers'.*got 0/);
  fails('run a.js --workers many', 'BAD_OPTION', /got "many"/);
  fails('run a.js --ring-bytes 10', 'BAD_OPTION', /'ringBytes'/);
  fails('run a.js --linger-ms -1', 'BAD_OPTION', /'lingerMs'/);
  fails('run a.js --spares half', 'BAD_OPTION', /'spares'.*got "half"/);
  fails('run a.js --hang-timeout-ms 3', 'BAD_OPTION', /'hangTimeoutMs'.*got 3/);
  fails('run a.js --fence-timeout-ms 0', 'BAD_OPTION', /'fenceTimeoutMs'/);
  fails('run a.js --shutdown-timeout-ms -1', 'BAD_OPTION', /'shutdownTimeoutMs'/);
  fails(
    'run a.js --scaling best',
    'BAD_OPTION',
    /'scaling.policy' of millrace run must be 'rate', 'threshold' or 'manual', got "best"/,
  );
  fails('run a.js --scaling-mode try', 'BAD_OPTION', /'scaling.mode' of millrace run must be 'act' or 'plan'/);
  fails('run a.js --scaling', 'USAGE', /needs a value/);
  fails('run a.js --workers 4 --max-workers 2', 'BAD_OPTION', /'maxWorkers'/);
  fails('run a.js --allow-dead-letters=all', 'USAGE', /takes no value/);
});

test('a page and metrics need no port, and take one that stands behind', () => {
  assert.deepEqual(parse('run --ui x.js').options, { ui: {} });
  assert.deepEqual(parse('run x.js --ui').options, { ui: {} });
  assert.deepEqual(parse('run x.js --ui 8080 --metrics').options, { ui: { port: 8080 }, metrics: {} });
  assert.deepEqual(parse('run x.js --metrics=0 --workers 2').options, { metrics: { port: 0 }, workers: 2 });
  assert.equal(parse('run --ui x.js').module, 'x.js');
  fails('run x.js --ui 70000', 'BAD_OPTION', /ui\.port/);
  fails('run x.js --ui=no', 'BAD_OPTION', /ui\.port/);
});
