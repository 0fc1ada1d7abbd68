import { describe, expect, it } from 'vitest'

import { Secret } from '../../ground/secret.ts'
import { clientConfig } from './client-config.ts'

const sslOf = (url: string) => clientConfig(new Secret(url)).ssl

describe('a connection to PostgreSQL (STO-5)', () => {
  it.each([
    'postgres://peta@db.example.com/peta',
    'postgres://peta@db.example.com/peta?sslmode=require',
    'postgres://peta@db.example.com/peta?sslmode=verify-full',
    'postgres://peta@10.0.0.7:6432/peta',
    'postgres://peta@127.0.0.1.example.com/peta',
    'postgres://peta@localhost/peta?sslmode=verify-full',
    // The parameter is what the driver follows.
    'postgres://peta@localhost/peta?host=db.example.com',
  ])('is verified: %s', (url) => {
    const config = clientConfig(new Secret(url))
    expect(config.ssl).toBe(true)
    expect(config.connectionString).not.toContain('sslmode')
  })

  it.each(['disable', 'allow', 'prefer', 'no-verify'])(
    'beyond this machine is refused with sslmode=%s',
    (mode) => {
      expect(() => sslOf(`postgres://peta:hidden@db.example.com/peta?sslmode=${mode}`)).toThrow(
        expect.objectContaining({
          code: 'database_unsafe',
          facts: { problem: expect.not.stringContaining('hidden') },
        }),
      )
    },
  )

  it.each([
    'postgres://peta@localhost/peta',
    'postgres://peta@127.0.0.1:5432/peta',
    'postgres://peta@[::1]/peta',
    'postgres:///peta?host=/var/run/postgresql',
    'postgres://peta@%2Fvar%2Frun%2Fpostgresql/peta',
  ])('on this machine may go without TLS: %s', (url) => {
    expect(sslOf(url)).toBe(false)
  })

  it('sets nothing for the session, which a pooler may share (STO-6)', () => {
    const config = clientConfig(new Secret('postgres://peta@localhost/peta'))
    expect(Object.keys(config).toSorted()).toEqual([
      'application_name',
      'connectionString',
      'connectionTimeoutMillis',
      'keepAlive',
      'ssl',
      'types',
    ])
  })
})
