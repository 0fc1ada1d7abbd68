import { PetaError } from '@peta/sdk'
import { CommanderError } from 'commander'
import { expect, it } from 'vitest'

import { CliError } from './cli-error.ts'
import { reportOf } from './report.ts'

const problemResponse = (code: string, facts: object = {}) =>
  PetaError.fromResponse(
    Response.json({
      type: `/problems/${code}`,
      code,
      title: 'Title',
      status: 422,
      detail: 'What to change.',
      instance: 'req_1',
      ...facts,
    }),
  )

it('tells a problem in its own words, and where to sign in again', async () => {
  expect(reportOf(await problemResponse('conflict'))).toEqual({
    exitCode: 1,
    text: 'Title. What to change.',
  })
  expect(reportOf(await problemResponse('unauthenticated')).text).toContain('peta login')
})

it('lists what is wrong with rules by line, in the order of the file', async () => {
  const problem = (line: number) => ({
    severity: 'error',
    code: 'parse_error',
    rule: `rule-${line}`,
    line,
    message: 'It is wrong',
    remedy: 'Correct it.',
  })
  const error = await problemResponse('policy_invalid', { problems: [problem(9), problem(2)] })
  expect(reportOf(error).text).toBe(
    'error parse_error (line 2, rule rule-2): It is wrong. Correct it.\n' +
      'error parse_error (line 9, rule rule-9): It is wrong. Correct it.\n' +
      'Nothing was published.',
  )
})

it('counts wrong use as 2, and shown help as 0', () => {
  expect(reportOf(new CommanderError(1, 'commander.unknownOption', 'x')).exitCode).toBe(2)
  expect(reportOf(new CommanderError(0, 'commander.help', 'x')).exitCode).toBe(0)
  expect(reportOf(new CliError('x', { exitCode: 2 })).exitCode).toBe(2)
})

it('keeps the text of what nobody expected to itself: it may hold a credential', () => {
  const { exitCode, text } = reportOf(new TypeError('Bearer peta_st_canary is no header'))
  expect(exitCode).toBe(1)
  expect(text).toMatch(/TypeError at .*report\.test\.ts/)
  expect(text).not.toContain('canary')
})
