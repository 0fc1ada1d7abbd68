import { inspect } from 'node:util'

import { expect, it } from 'vitest'

import { parseConfig } from './config.ts'
import { readEnv, settings } from './env.ts'

const paths = { data: '/home/ana/.local/share/peta', config: '/home/ana/.config/peta' }
const parse = (source: Record<string, string>) => parseConfig(readEnv({ ...source }), paths)
const KEY = 'A'.repeat(43)

it('starts from no setting at all: loopback, SQLite, a key file outside the data directory (SEC-110)', () => {
  expect(parse({})).toMatchObject({
    http: { host: '127.0.0.1', port: 7382 },
    store: { dataDir: '/home/ana/.local/share/peta', databaseUrl: undefined },
    vault: { sealer: 'file', keyFile: '/home/ana/.config/peta/sealer.key' },
    logLevel: 'info',
  })
})

it.each([
  [{ PETA_PROT: '80' }, /PETA_PROT: no such setting/],
  [{ PETA_PORT: 'eighty' }, /PETA_PORT is "eighty"/],
  [{ PETA_PORT: '70000' }, /0 to 65535/],
  [{ PETA_BIND: 'localhost' }, /IP address/],
  [{ PETA_PUBLIC_URL: 'https://a.example/x' }, /without a path/],
  [{ PETA_PUBLIC_URL: 'ftp://a.example' }, /an origin/],
  [{ PETA_DATABASE_URL: 'mysql://a' }, /postgres:\/\//],
  [{ PETA_DATABASE_DIRECT_URL: 'postgres://a' }, /both or neither/],
  [{ PETA_SEALER: 'usb' }, /choose file, environment/],
  [{ PETA_SEALER: 'environment' }, /set PETA_SEALER_KEY too/],
  [{ PETA_SEALER_KEY: KEY }, /remove one of them/],
  [{ PETA_SEALER: 'environment', PETA_SEALER_KEY: KEY, PETA_SEALER_FILE: '/k' }, /remove one/],
  [{ PETA_LOG_LEVEL: 'loud' }, /choose debug/],
])('stops on %j with a sentence that says what to change', (source, sentence) => {
  expect(() => parse(source)).toThrow(
    expect.objectContaining({
      code: 'config_invalid',
      facts: { problem: expect.stringMatching(sentence) },
    }),
  )
})

it('refuses to listen beyond this machine without TLS (IDN-61, SEC-110)', () => {
  expect(() => parse({ PETA_BIND: '0.0.0.0' })).toThrow(
    expect.objectContaining({ code: 'bind_unsafe' }),
  )
  expect(() => parse({ PETA_BIND: '0.0.0.0', PETA_PUBLIC_URL: 'http://a.example' })).toThrow(
    expect.objectContaining({ code: 'bind_unsafe' }),
  )
  expect(parse({ PETA_BIND: '0.0.0.0', PETA_PUBLIC_URL: 'https://a.example' }).http.publicUrl).toBe(
    'https://a.example',
  )
})

it('takes keys out of the environment and out of everything printed (VLT-24)', () => {
  const source: Record<string, string> = { PETA_SEALER: 'environment', PETA_SEALER_KEY: KEY }
  const config = parseConfig(readEnv(source), paths)
  expect(source).not.toHaveProperty('PETA_SEALER_KEY')
  expect(JSON.stringify(config) + inspect(config, { depth: 9 })).not.toContain(KEY)
})

it('never repeats a database address, which may hold a password', () => {
  const parseBad = () => parse({ PETA_DATABASE_URL: 'http://u:hunter22@h/d' })
  expect(parseBad).toThrow(
    expect.objectContaining({ facts: { problem: expect.not.stringContaining('hunter22') } }),
  )
})

it('documents every setting in one line', () => {
  for (const line of Object.values(settings)) expect(line).toMatch(/^[^\n]{20,200}$/)
})
