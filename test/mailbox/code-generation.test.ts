// Goal: generated code has a name of its own, and where Node.js forbids it the error says so.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { foreseeScripts, generate, reuseScripts } from '../../src/mailbox/codegen.ts';

test('where code generation is forbidden, a job that is run is a CODE_GENERATION error that names the option', () => {
  const flow = new URL('../kit/flows/totals.js', import.meta.url);
  const script = `
    try {
      const { totals } = await import(${JSON.stringify(flow)});
      const job = await totals.run({ params: { tuples: 1, modulus: 1 }, workers: 1, spares: 0 });
      await job.cancel();
      console.log('generated');
    } catch (error) { console.log(error.code, error.name, error.message); }`;
  const run = (...options: string[]): string => {
    const child = spawnSync(process.execPath, [...options, '--input-type=module', '-e', script], { encoding: 'utf8' });
    assert.equal(child.status, 0, child.stderr);
    return child.stdout.trim();
  };
  assert.match(
    run('--disallow-code-generation-from-strings'),
    /^CODE_GENERATION MillraceError .*start node without --disallow-code-generation-from-strings$/,
  );
  assert.equal(run(), 'generated');
});

test('each generated function is a script of its own, named in stack traces', () => {
  const make = () => generate<() => string>('split/emit me', {}, 'return () => new Error().stack;')();
  const names = [make(), make()].map((stack) => stack.match(/millrace\/[^\s:)]+/)?.[0]);
  assert.match(String(names[0]), /^millrace\/split\/emit_me#\d+$/);
  assert.notEqual(names[0], names[1]);
});

test('while scripts are reused, one text with one name is one script, and its functions have constants of their own', () => {
  const make = (name: string, value: unknown, text = 'return () => [value, new Error().stack];') => {
    const [given, stack] = generate<() => [unknown, string]>(name, { value }, text)();
    return { given, script: stack.match(/millrace\/[^\s:)]+/)?.[0] };
  };
  const before = make('reused', 0);
  const compileAnew = reuseScripts();
  const [first, second] = [make('reused', 1), make('reused', 2)];
  assert.deepEqual([first.given, second.given], [1, 2]);
  assert.equal(second.script, first.script);
  assert.notEqual(first.script, before.script, 'what was made before goes on alone');
  assert.notEqual(make('another', 1).script, first.script);
  assert.notEqual(make('reused', 1, 'return () => [value, new Error().stack]; // Another text').script, first.script);
  assert.notEqual(
    generate<() => string>('reused', { value: 1, other: 2 }, 'return () => new Error().stack;')().match(/#\d+/)?.[0],
    generate<() => string>('reused', { value: 1 }, 'return () => new Error().stack;')().match(/#\d+/)?.[0],
    'other constants are in scope',
  );
  compileAnew();
  assert.notEqual(make('reused', 1).script, first.script);
});

test('what was compiled ahead is taken once, with constants of its own', () => {
  const make = (value: unknown, text = 'return () => [value, new Error().stack];') => {
    const [given, stack] = generate<() => [unknown, string]>('ahead', { value }, text)();
    return { given, script: stack.match(/millrace\/[^\s:)]+/)?.[0] };
  };
  const end = foreseeScripts();
  const [one, two] = [make(1), make(2)];
  end();
  const other = make(3, 'return () => [value, new Error().stack]; // Another text');
  const later = [make(4), make(5), make(6)];
  assert.deepEqual(
    [one, two, other, ...later].map(({ given }) => given),
    [1, 2, 3, 4, 5, 6],
  );
  const scripts = [one, two, other, ...later].map(({ script }) => script);
  assert.equal(new Set(scripts).size, scripts.length, 'no two of them have one script');
  const numbers = scripts.map((script) => Number(script?.split('#')[1]));
  assert.ok(numbers[3] < numbers[2] && numbers[4] < numbers[2], 'two were compiled ahead');
  assert.ok(numbers[5] > numbers[2], 'there was no third');
});

test('errors of generated code other than forbidden generation pass as they are', () => {
  assert.throws(() => generate('test', {}, 'return ]'), SyntaxError);
});
