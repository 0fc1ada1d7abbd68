import type { ProblemCode } from '@peta/contract'

/** Public, JSON-safe details of a failure. Never a secret, never text that a server or a driver wrote. */
export type Facts = Readonly<Record<string, Fact>>
export type Fact =
  | string
  | number
  | boolean
  | readonly Fact[]
  | Readonly<{ [name: string]: Fact | undefined }>

/**
 * An expected failure. `code` and `facts` are shown to callers; `options.cause` is for our log only.
 */
export class CoreError extends Error {
  override readonly name = 'CoreError'
  readonly code: ProblemCode
  readonly facts: Facts

  constructor(code: ProblemCode, facts: Facts = {}, options?: ErrorOptions) {
    super(code, options)
    this.code = code
    this.facts = facts
  }
}

export const isCoreError = (error: unknown, code?: ProblemCode): error is CoreError =>
  error instanceof CoreError && (code === undefined || error.code === code)
