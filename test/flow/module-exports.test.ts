// Goal: a value is found among a module's exports in every form that CommonJS, transpilers and ES modules give them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { defaultExport, exportedValues, moduleUrlOf } from '../../src/flow/module-exports.ts';

const isNumber = (value: unknown): value is number => typeof value === 'number';
const numbersOf = (module: Record<string, unknown>) => exportedValues(module).filter(isNumber);

const CJS = { one: 1, two: 2 };

test('values of an ES module, each once', () => {
  assert.deepEqual(numbersOf({ default: 1, one: 1, two: 2 }), [1, 2]);
});

test('what module.exports has, whether Node.js sees the names or not', () => {
  assert.deepEqual(numbersOf({ default: CJS }), [1, 2]);
  assert.deepEqual(numbersOf({ default: CJS, one: 1, 'module.exports': CJS }), [1, 2]);
  assert.deepEqual(numbersOf({ default: 3, 'module.exports': 3 }), [3]);
});

test('the default export of a transpiled module is one level down', () => {
  const transpiled = { __esModule: true, default: 7 };
  assert.deepEqual(numbersOf({ default: transpiled, __esModule: true }), [7]);
  assert.equal(defaultExport({ default: transpiled }, isNumber), 7);
  assert.equal(defaultExport({ default: 5 }, isNumber), 5);
  assert.equal(defaultExport({ default: CJS }, isNumber), undefined);
  assert.equal(defaultExport({}, isNumber), undefined);
});

test('instances of classes are values, not modules, and a ring of modules ends', () => {
  class Box {
    readonly inside = 1;
  }
  assert.deepEqual(numbersOf({ default: new Box() }), []);
  const ring: Record<string, unknown> = { one: 1 };
  ring.default = ring;
  assert.deepEqual(numbersOf(ring), [1]);
});

test('a module is given by URL or by path', () => {
  assert.equal(moduleUrlOf(import.meta.url), import.meta.url);
  assert.equal(moduleUrlOf('/folder/a flow.cjs'), pathToFileURL('/folder/a flow.cjs').href);
  for (const bad of ['flow.js', './flow.js', '', undefined, 5]) assert.equal(moduleUrlOf(bad), undefined);
});
