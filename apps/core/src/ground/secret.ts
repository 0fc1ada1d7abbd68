import { inspect } from 'node:util'

const HIDDEN = '[secret]'

/**
 * A value that prints as `[secret]` wherever it is logged, joined, or serialised. `reveal` is the one way
 * to it, so every use can be found by name (VLT-18).
 */
export class Secret<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  reveal(): T {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
