// Goal: each kind of fault of time.ts has the tests that the table says, and no kind is without one.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Case, DECISIONS, KINDS } from './time.ts';

const KIND_NUMBERS = [
  ...[
    2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 15, 17, 18, 19, 22, 23, 24, 25, 27, 29, 30, 32, 34, 35, 37, 38, 39, 41, 42, 43, 45,
  ],
];

/** How a title that is put together has what differs. */
const PLACE = '$' + '{';

const texts = new Map<string, string>();

function textOf(path: string): string {
  const text = texts.get(path) ?? readFileSync(path, 'utf8').replaceAll(PLACE, '{');
  texts.set(path, text);
  return text;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** True if the title of a test begins so. */
const hasTest = (path: string, title: string): boolean =>
  new RegExp(`\\btest\\(\\s*['"\`]${escaped(title)}`).test(textOf(path));

function missing(cases: readonly Case[]): string[] {
  return cases.flatMap(({ number, tests }) =>
    Object.entries(tests).flatMap(([file, titles]) => {
      const path = `test/${file}.test.ts`;
      if (!existsSync(path)) return [`${number}: ${path}`];
      return titles.filter((title) => !hasTest(path, title)).map((title) => `${number}: '${title}' in ${path}`);
    }),
  );
}

for (const [name, cases, numbers] of [
  ['decisions', DECISIONS, Array.from({ length: 10 }, (_, i) => i + 1)],
  ['kinds of fault', KINDS, KIND_NUMBERS],
] as const) {
  test(`the ${name} are all there, each with its tests`, () => {
    assert.deepEqual(
      cases.map(({ number }) => number),
      numbers,
    );
    assert.deepEqual(
      cases.filter(({ tests }) => Object.values(tests).flat().length === 0),
      [],
    );
    assert.deepEqual(missing(cases), []);
  });
}

test('a test that there is not is found missing, and so is a file', () => {
  const none: Case = {
    number: 0,
    what: '',
    tests: { 'cases/time': ['no such test', 'a test that there is not is found missing'], 'cases/none': ['any'] },
  };
  assert.deepEqual(missing([none]), ["0: 'no such test' in test/cases/time.test.ts", '0: test/cases/none.test.ts']);
});
