import { Command } from 'commander'
import { expect, it } from 'vitest'

import { usageText } from './usage-text.ts'

const put = new Command('peta').command('secret').command('put')
const SEE = 'See: peta secret put --help'

it.each([
  [
    `error: unknown option '--jsn'\n(Did you mean --json?)`,
    `Unknown option '--jsn'; did you mean --json? ${SEE}`,
  ],
  [`error: missing required argument 'name'\n`, `Missing required argument 'name'. ${SEE}`],
])('makes one line of a complaint, and says where to look', (complaint, text) => {
  expect(usageText(complaint, put)).toBe(text)
})

it.each([
  [`error: unknown option '--value=hunter2'`, `Unknown option. ${SEE}`],
  [
    `error: unknown option '-----BEGIN KEY-----\nMII'quoted'hunter2\n-----END KEY-----'`,
    `Unknown option. ${SEE}`,
  ],
  [
    `error: too many arguments for 'put'. Expected 1 argument but got 2: name, hunter2: a.`,
    `Too many arguments for 'put'. Expected 1 argument but got 2. ${SEE}`,
  ],
  [`error: unknown command 'peta_st_hunter2'`, `Unknown command. ${SEE}`],
  [
    `error: option '--life <seconds>' argument 'hunter2' is invalid. Give a whole number.`,
    `Option '--life <seconds>' is wrong: Give a whole number. ${SEE}`,
  ],
])('repeats nothing that may be a secret in the wrong place', (complaint, text) => {
  expect(usageText(complaint, put)).toBe(text)
})
