/**
 * Who listens to what: `T` names the events and what each carries.
 *
 * @template {Record<string, any>} T
 */
export class Emitter {
  /** @type {Map<keyof T, Set<(value: any) => void>>} */
  #listeners = new Map();

  /**
   * Returns the function that stops listening.
   *
   * @template {keyof T} K
   * @param {K} event
   * @param {(value: T[K]) => void} listener
   */
  on(event, listener) {
    const heard = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, heard.add(listener));
    return () => { heard.delete(listener); };
  }

  /** @template {keyof T} K @param {K} event @param {T[K]} value */
  emit(event, value) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(value);
  }
}
