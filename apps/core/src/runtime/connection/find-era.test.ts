import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { openTestRuntime, stdioDefinition } from '../testing.ts'

async function startsOf(flags: readonly string[], probeUnsafe: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'peta-probe-'))
  try {
    const started = join(folder, 'started')
    await using test = await openTestRuntime({ probeMs: 5000 })
    const definition = stdioDefinition([...flags, `--started=${started}`])
    const id = await test.ready({ ...definition, probeUnsafe })
    const { text } = await test.call(id, 'pid')
    const pids = (await readFile(started, 'utf8')).trim().split('\n')
    return { pids, answeredBy: pids.indexOf(text) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

it.each([
  ['an older server that an unknown message ends', ['--exit-at-unknown']],
  ['a modern server', ['--modern']],
])(
  'asks %s on a process that is ended again, where its launch says so (MCP-52)',
  async (_, flags) => {
    const { pids, answeredBy } = await startsOf(flags, true)
    expect({ started: pids.length, answeredBy }).toEqual({ started: 2, answeredBy: 1 })
  },
)

it('needs no other process where its launch does not say so (MCP-52)', async () => {
  expect(await startsOf([], false)).toMatchObject({ answeredBy: 0, pids: [expect.any(String)] })
})

it('cannot greet a server that an unknown message ends, where its launch does not say so (MCP-52)', async () => {
  await expect(startsOf(['--exit-at-unknown'], false)).rejects.toThrow('server_unavailable')
})
