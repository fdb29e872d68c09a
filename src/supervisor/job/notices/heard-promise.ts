// A promise that knows whether somebody waits for it: `job.done`, whose failure is told on standard error if nobody hears of it.
// Promises: `await`, then, catch, finally and the combinators count as hearing; a rejection that nobody hears ends no process.
// Relies on: `await` calls `then` of a promise whose constructor is not Promise.

export class HeardPromise<Value> extends Promise<Value> {
  #isHeard = false;

  /** What `then` returns is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Its outcome is that of `promise`. */
  static of<Value>(promise: Promise<Value>): HeardPromise<Value> {
    const heard = new HeardPromise<Value>((resolve, reject) => {
      promise.then(resolve, reject);
    });
    // Not through the method below: this handler hears nothing.
    Promise.prototype.then.call(heard, undefined, () => {});
    return heard;
  }

  get isHeard(): boolean {
    return this.#isHeard;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise whose `then` notes that it was called
  override then<Fulfilled = Value, Rejected = never>(
    onFulfilled?: ((value: Value) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#isHeard = true;
    return super.then(onFulfilled, onRejected);
  }
}
