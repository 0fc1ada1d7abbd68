import { PetaError } from '@peta/sdk'
import { CommanderError } from 'commander'

import { CliError } from './cli-error.ts'
import { problemLines } from './policy-problems.ts'
import { SESSION_ENDED } from './session.ts'

export type Report = Readonly<{ exitCode: number; text: string }>

/**
 * What a person is told of a failure, and the exit code: 1 refused or failed, 2 used wrongly. The text of what nobody
 * expected is left out, for it may hold what a server, a file or a header said.
 */
export function reportOf(error: unknown): Report {
  // Commander has said it already, and 0 is how it ends after showing help.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, text: '' }
  if (error instanceof CliError) return { exitCode: error.exitCode, text: error.message }
  if (error instanceof PetaError) return { exitCode: 1, text: petaText(error) }
  return { exitCode: 1, text: `Something in this command failed: ${placeOf(error)}` }
}

function petaText(error: PetaError): string {
  switch (error.code) {
    case 'unauthenticated':
      return SESSION_ENDED
    case 'policy_invalid':
      return [...problemLines(error.problem['problems']), 'Nothing was published.'].join('\n')
    case 'unreachable':
      return `${error.message}, or say where it is with: --core <url>`
    case 'unreadable':
      return `${error.message}, with: --core <url>`
    default:
      return error.message
  }
}

const FRAME = /\((?:file:\/\/)?([^()]+:\d+:\d+)\)|at (?:file:\/\/)?(\/\S+:\d+:\d+)/

function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const [, inside, bare] = FRAME.exec(error.stack ?? '') ?? []
  return `${error.name} at ${inside ?? bare ?? 'an unknown place'}`
}
