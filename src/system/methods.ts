// Handlers as an object has them: its own, or those of its class.

type Method = (...given: never[]) => unknown;

/** A method of an object by its name: its own, or one of its class and those above; what every object has is none. */
export function methodOf(object: object, name: string): Method | undefined {
  for (let at: object | null = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (!Object.hasOwn(at, name) || (at !== object && name === 'constructor')) continue;
    const method = (object as Record<string, unknown>)[name];
    return typeof method === 'function' ? (method as Method) : undefined;
  }
  return undefined;
}
