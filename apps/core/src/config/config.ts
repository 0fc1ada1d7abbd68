import { homedir } from 'node:os'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'

import { CoreError } from '../ground/errors.ts'
import type { LogLevel } from '../ground/log.ts'
import { Secret } from '../ground/secret.ts'
import type { Env, EnvReading } from './env.ts'

/** Validated, grouped and frozen. Each part of Core receives only its own group. */
export type Config = Readonly<{
  http: Readonly<{
    host: string
    port: number
    /** Origin that people and agents use; the issuer and audience of tokens. Never taken from a request (IDN-35). */
    publicUrl: string | undefined
  }>
  store: Readonly<{
    dataDir: string
    databaseUrl: Secret<string> | undefined
    databaseDirectUrl: Secret<string> | undefined
    allowUnsafeFilesystem: boolean
  }>
  vault: Readonly<
    { sealer: 'file'; keyFile: string } | { sealer: 'environment'; key: Secret<string> }
  >
  logLevel: LogLevel
}>

const DEFAULT_PORT = 7382
const PORT_MAX = 65_535
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

/**
 * @throws CoreError `config_invalid` or `bind_unsafe`, with a sentence that says what to change
 */
export function parseConfig({ env, unknown }: EnvReading, paths: BasePaths = basePaths()): Config {
  if (unknown.length > 0) {
    throw invalid(`${unknown.join(', ')}: no such setting. Remove it, or correct its name.`)
  }
  return deepFreeze({
    http: parseHttp(env),
    store: parseStore(env, paths),
    vault: parseVault(env, paths),
    logLevel: oneOf('PETA_LOG_LEVEL', env.PETA_LOG_LEVEL ?? 'info', LOG_LEVELS),
  })
}

type BasePaths = Readonly<{ data: string; config: string }>

/** The XDG base directories; they are no settings of ours, so they are read here and not in the table. */
function basePaths(source: NodeJS.ProcessEnv = process.env): BasePaths {
  return {
    data: join(source['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'peta'),
    config: join(source['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'peta'),
  }
}

function parseHttp(env: Env): Config['http'] {
  const host = env.PETA_BIND ?? '127.0.0.1'
  if (isIP(host) === 0)
    throw invalid(`PETA_BIND is "${host}"; give an IP address such as 127.0.0.1.`)
  const publicUrl = parsePublicUrl(env.PETA_PUBLIC_URL)
  const isExposed = !isLoopback(host)
  if (isExposed && !publicUrl?.startsWith('https:') && env.PETA_INSECURE_HTTP !== '1') {
    throw new CoreError('bind_unsafe', { host })
  }
  return { host, port: parsePort(env.PETA_PORT), publicUrl }
}

function parsePort(text: string | undefined): number {
  const port = text === undefined ? DEFAULT_PORT : Number(text)
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
    throw invalid(`PETA_PORT is "${text}"; give a number from 0 to ${PORT_MAX}.`)
  }
  return port
}

function parsePublicUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url && url.pathname === '/' && !url.search && !url.hash && !url.username
  if (!url || !isPlain || !/^https?:$/.test(url.protocol)) {
    throw invalid(
      'PETA_PUBLIC_URL must be an origin such as https://peta.example.com, without a path.',
    )
  }
  return url.origin
}

function parseStore(env: Env, paths: BasePaths): Config['store'] {
  if (env.PETA_DATABASE_DIRECT_URL && !env.PETA_DATABASE_URL) {
    throw invalid('PETA_DATABASE_DIRECT_URL is set without PETA_DATABASE_URL; set both or neither.')
  }
  return {
    dataDir: resolve(env.PETA_DATA_DIR ?? paths.data),
    databaseUrl: parseDatabaseUrl('PETA_DATABASE_URL', env.PETA_DATABASE_URL),
    databaseDirectUrl: parseDatabaseUrl('PETA_DATABASE_DIRECT_URL', env.PETA_DATABASE_DIRECT_URL),
    allowUnsafeFilesystem: env.PETA_ALLOW_UNSAFE_FS === '1',
  }
}

/** The address is not repeated in the error: it may hold a password. */
function parseDatabaseUrl(name: string, text: string | undefined): Secret<string> | undefined {
  if (text === undefined) return undefined
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    throw invalid(`${name} must look like postgres://user@host:5432/database.`)
  }
  return new Secret(text)
}

function parseVault(env: Env, paths: BasePaths): Config['vault'] {
  const sealer = oneOf('PETA_SEALER', env.PETA_SEALER ?? 'file', ['file', 'environment'] as const)
  if (sealer === 'file') {
    if (env.PETA_SEALER_KEY) {
      throw invalid(
        'PETA_SEALER_KEY is set but PETA_SEALER is not "environment"; remove one of them.',
      )
    }
    return { sealer, keyFile: resolve(env.PETA_SEALER_FILE ?? join(paths.config, 'sealer.key')) }
  }
  if (env.PETA_SEALER_FILE) {
    throw invalid('PETA_SEALER_FILE is set but PETA_SEALER is "environment"; remove one of them.')
  }
  if (!env.PETA_SEALER_KEY) throw invalid('PETA_SEALER is "environment"; set PETA_SEALER_KEY too.')
  return { sealer, key: new Secret(env.PETA_SEALER_KEY) }
}

function oneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text)
  if (!choice) throw invalid(`${name} is "${text}"; choose ${choices.join(', ')}.`)
  return choice
}

const isLoopback = (host: string): boolean => host === '::1' || host.startsWith('127.')

const invalid = (problem: string): CoreError => new CoreError('config_invalid', { problem })

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null && !(member instanceof Secret)) {
      deepFreeze(member)
    }
  }
  return Object.freeze(value)
}
