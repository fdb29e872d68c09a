// The replicas and key groups of the operator that is looked at: asked for as often as a state comes, while its panel is open.
// Promises: one question at a time; an answer that comes when another operator is looked at is dropped. The last state of a job has
// those of all operators, and then nobody is asked.

export class Details {
  #ask;
  #tell;
  #index = -1;
  #isAsking = false;
  /** @type {any} */
  #latest;

  /**
   * @param {(path: string) => Promise<Response>} ask
   * @param {() => void} tell called when there is something new
   */
  constructor(ask, tell) {
    this.#ask = ask;
    this.#tell = tell;
  }

  /** Undefined while there are none. */
  get latest() {
    return this.#latest;
  }

  /**
   * @param {number} index the operator that is looked at; -1 for none
   * @param {any} hello
   * @param {any} state
   */
  update(index, hello, state) {
    if (index !== this.#index) this.#latest = undefined;
    this.#index = index;
    if (index < 0) return;
    if (state.details !== undefined) this.#latest = state.details[index];
    else void this.#question(index, hello.operators[index].id);
  }

  /**
   * @param {number} index
   * @param {string} id
   */
  async #question(index, id) {
    if (this.#isAsking) return;
    this.#isAsking = true;
    /** @type {any} */
    let found;
    try {
      const response = await this.#ask(`/operator?name=${encodeURIComponent(id)}`);
      if (response.ok) found = await response.json();
    } catch {
      // What was told last stays.
    }
    this.#isAsking = false;
    if (found === undefined || index !== this.#index) return;
    this.#latest = found;
    this.#tell();
  }
}
