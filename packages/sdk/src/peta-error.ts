import { Problem } from '@peta/contract'

/** What Core answered instead: a problem of the contract's table, or that there was no answer. */
export class PetaError extends Error {
  override readonly name = 'PetaError'
  /** A code of the problem table; or `unreachable`, `unreadable` for an answer that is not Peta's, `unusable` for a request that cannot be sent. */
  readonly code: string
  readonly status: number | undefined
  /** What to change, in one sentence. */
  readonly detail: string
  readonly problem: Readonly<Record<string, unknown>>

  private constructor(
    text: Readonly<{ code: string; title: string; detail: string }>,
    status: number | undefined,
    problem: Readonly<Record<string, unknown>>,
    options?: ErrorOptions,
  ) {
    super(`${text.title}. ${text.detail}`, options)
    this.code = text.code
    this.status = status
    this.detail = text.detail
    this.problem = problem
  }

  /** `url` is where the answer came from. */
  static async fromResponse(response: Response, url = response.url): Promise<PetaError> {
    const body: unknown = await response.json().catch(() => undefined)
    const problem = Problem.safeParse(body)
    if (problem.success) return new PetaError(problem.data, response.status, problem.data)
    return PetaError.unreadable(url, response.status)
  }

  static unreadable(url: string, status: number, cause?: unknown): PetaError {
    const title = `What answers at ${url} is not Peta, or of another version (status ${status})`
    const detail = 'Give the address of a Peta of this version'
    return new PetaError({ code: 'unreadable', title, detail }, status, {}, { cause })
  }

  static unusable(title: string, detail: string): PetaError {
    return new PetaError({ code: 'unusable', title, detail }, undefined, {})
  }

  static unreachable(url: string, cause: unknown): PetaError {
    const text = {
      code: 'unreachable',
      title: `No Peta answers at ${url}`,
      detail: 'Start it with: npm start',
    }
    return new PetaError(text, undefined, {}, { cause })
  }
}
