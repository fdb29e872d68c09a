// What a file window wakes where there is no actor: whoever awaits its next bytes.

import type { SourceStatus } from '../../flow/source.ts';

export class Waiting {
  #wake = (): void => {};
  #failure: { readonly error: unknown } | undefined;

  readonly wake = (): void => this.#wake();

  readonly fail = (error: unknown): void => {
    this.#failure = { error };
    this.#wake();
  };

  /** @throws what fail() got */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /**
   * Asks again whenever it has been woken, until the answer is not `'wait'`.
   * @throws what fail() gets
   */
  async until(ask: () => SourceStatus): Promise<SourceStatus> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const status = ask();
      if (status === 'wait' && this.#failure === undefined) await woken;
      this.throwFailure();
      if (status !== 'wait') return status;
    }
  }
}
