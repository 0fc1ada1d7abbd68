import { expect, it } from 'vitest'

import { commandLine } from './command-line.ts'
import { isRefusedVariable } from '../../model/variable-names.ts'
import { childEnvironment } from './environment.ts'

const own = { home: '/tmp/home', marker: 'gw/boot/ins' }

it('refuses dangerous names once more at launch, whoever let them in (RUN-69)', () => {
  const declared = { LD_PRELOAD: '/x.so', NODE_OPTIONS: '-r x', PATH: '/evil', PETA_INSTANCE: 'x' }
  const { env } = childEnvironment({ ...declared, FINE: '1' }, [], own)
  expect(env).toEqual({
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    HOME: '/tmp/home',
    TMPDIR: '/tmp/home',
    PETA_INSTANCE: 'gw/boot/ins',
    FINE: '1',
  })
})

it.each(['ld_preload', 'DYLD_INSERT_LIBRARIES', 'BASH_FUNC_x%%', 'Http_Proxy', 'a b', '1A', ''])(
  'refuses the name "%s"',
  (name) => {
    expect(isRefusedVariable(name)).toBe(true)
  },
)

it('lets a Python program be told how to write, and not what to load', () => {
  expect(isRefusedVariable('PYTHONUNBUFFERED')).toBe(false)
  expect(['PYTHONSTARTUP', 'PYTHONWARNINGS', 'pythonpath'].every(isRefusedVariable)).toBe(true)
})

it('numbers descriptors in the order of its credentials', () => {
  const { env, descriptors } = childEnvironment(
    {},
    [
      { target: 'descriptor', name: 'FIRST', value: Buffer.from('1') },
      { target: 'env', name: 'PLAIN', value: 'p' },
      { target: 'descriptor', name: 'SECOND', value: Buffer.from('2') },
    ],
    own,
  )
  expect(env).toMatchObject({ FIRST: '3', SECOND: '4', PLAIN: 'p' })
  expect(descriptors.map(String)).toEqual(['1', '2'])
})

it('puts limits around a command where the machine has them, and each argument stays one (RUN-7, RUN-64)', () => {
  const launch = {
    kind: 'stdio',
    command: '/bin/x',
    args: ['a b', '--nofile=9', ';'],
    env: {},
  } as const
  expect(commandLine(launch, undefined)).toEqual({ command: '/bin/x', args: launch.args })
  expect(commandLine(launch, '/usr/bin/prlimit')).toEqual({
    command: '/usr/bin/prlimit',
    args: ['--core=0', '--nofile=4096', '--data=4294967296', '--', '/bin/x', ...launch.args],
  })
})
