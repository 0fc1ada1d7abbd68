import { expect, it } from 'vitest'

import { openTestRuntime, stdioDefinition } from './testing.ts'

it('carries a call to a process and its answer back (RUN-3)', async () => {
  await using test = await openTestRuntime()
  const server = await test.ready(stdioDefinition())
  const outcome = await test.call(server, 'echo', { message: 'hello' })
  expect(outcome).toMatchObject({ text: 'hello', isError: false })
})
