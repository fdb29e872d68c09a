// A mutant: the shipped code with one thing broken, while a case is explored.
// Promises: what is replaced is put back; everything else is the code that ships.

import type { BrokenCode } from '../thread-graph.ts';

/** A broken variant that the explorer must catch. */
export interface Mutant extends BrokenCode {
  readonly name: string;
  /** What is broken, in a sentence. */
  readonly breaks: string;
  /** The case that catches it. */
  readonly caughtBy: string;
}

export const notAtAll = (): (() => void) => () => {};

/**
 * Replaces a method of a prototype. `Self` is what the method may use of its object: private parts as well.
 * @param make makes the broken method of the real one
 */
export function replacing<Self, Arguments extends unknown[], Result>(
  prototype: object,
  name: string,
  make: (original: (this: Self, ...values: Arguments) => Result) => (this: Self, ...values: Arguments) => Result,
): () => () => void {
  return () => {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (typeof property?.value !== 'function') throw new Error(`there is no method '${name}' to break`);
    const broken = { ...property, value: make(property.value as never) };
    Object.defineProperty(prototype, name, broken);
    return () => Object.defineProperty(prototype, name, property);
  };
}

/** Applies several replacements as one. */
export const all =
  (...parts: (() => () => void)[]) =>
  (): (() => void) => {
    const undo = parts.map((part) => part());
    return () => {
      for (const each of undo.reverse()) each();
    };
  };
