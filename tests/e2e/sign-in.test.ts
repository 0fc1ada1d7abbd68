import { afterAll, beforeAll, expect, it } from 'vitest'

import { runInProcess } from '../support/cli-in-process.ts'
import { startTestCore, type TestCore } from '../support/core.ts'

let core: TestCore

beforeAll(async () => {
  core = await startTestCore()
})

afterAll(() => core?.[Symbol.asyncDispose]())

/** From a terminal that knows of no setting of Core. */
function peta(words: readonly string[], input = '') {
  const { PETA_PORT: _, ...env } = core.env
  return runInProcess(words, env, input)
}

const SETUP = ['setup', '--email', 'ana@example.com', '--name', 'Ana']

it('makes the owner with the link from the terminal, at the Core that wrote it', async () => {
  await expect.poll(() => core.output()).toContain('/setup#')
  const [link = ''] = /http\S+\/setup#\S+/.exec(core.output()) ?? []
  const { code, stdout, stderr } = await peta(SETUP, `${link}\n`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(new RegExp(`^You are signed in at ${core.url} until [^\n]+\n$`))
  expect((await peta(['whoami'])).stdout).toContain('Ana <ana@example.com>, owner')

  const again = await peta(SETUP, link)
  expect(again).toMatchObject({ code: 1, stdout: '' })
  expect(again.stderr).not.toContain(link.split('#')[1])
})

it('signs out for good, and in again on the host', async () => {
  expect(await peta(['logout'])).toMatchObject({ code: 0, stdout: 'Signed out.\n' })
  expect(await peta(['whoami'])).toMatchObject({ code: 1, stdout: '' })
  expect(await peta(['login', '--core', core.url])).toMatchObject({ code: 0 })
  expect((await peta(['whoami'])).stdout).toContain(`at ${core.url}`)
})
