/**
 * Every setting Peta reads from its environment, with the line that documents it. `docs/reference/config.md` is
 * written from this table. None is needed to start.
 */
export const settings = {
  PETA_DATA_DIR:
    'Directory for the database, the audit export and the lock. Default: `$XDG_DATA_HOME/peta`.',
  PETA_DATABASE_URL:
    'A `postgres://` address keeps everything in PostgreSQL (15 or newer) instead of a SQLite file.',
  PETA_DATABASE_DIRECT_URL:
    'A second address that bypasses a transaction pooler, for wake-up hints. Without it replicas poll each second.',
  PETA_BIND: 'Address to listen on. Default: `127.0.0.1`.',
  PETA_PORT: 'Port to listen on; `0` takes any free one. Default: `7382`.',
  PETA_PUBLIC_URL:
    'The https address people and agents use, when a proxy stands in front. Needed to listen beyond this machine.',
  PETA_INSECURE_HTTP:
    '`1` allows listening beyond this machine without TLS. For closed test networks only.',
  PETA_SEALER: 'What holds the key that opens the vault: `file` (default) or `environment`.',
  PETA_SEALER_FILE:
    'Key file of the `file` sealer; made on first run. Default: `$XDG_CONFIG_HOME/peta/sealer.key`. Never inside the data directory.',
  PETA_SEALER_KEY:
    'Key of the `environment` sealer: 32 bytes as base64url. Read once, then removed from the environment.',
  PETA_LOG_LEVEL: '`debug`, `info` (default), `warn`, `error` or `silent`.',
  PETA_ALLOW_UNSAFE_FS:
    '`1` allows a data directory on a network file system, whose locks cannot be trusted.',
  PETA_URL:
    'Where the command line finds Core. Default: `http://127.0.0.1:7382`. Core itself does not use it.',
  PETA_DEMO_PORT: 'Port of the demo’s notes API. Default: `7383`. Only `--demo` uses it.',
} as const satisfies Record<string, string>

export type SettingName = keyof typeof settings
export type Env = Readonly<Partial<Record<SettingName, string>>>

/** Taken out of the environment as soon as they are read, before any child process starts (VLT-24). */
const SECRET_SETTINGS = ['PETA_SEALER_KEY'] as const satisfies readonly SettingName[]

const PREFIX = 'PETA_'

/** What was set, and the names under our prefix that mean nothing. */
export type EnvReading = Readonly<{ env: Env; unknown: readonly string[] }>

/** Reads strings, and judges nothing; `config.ts` does. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): EnvReading {
  const names = Object.keys(source).filter((name) => name.startsWith(PREFIX))
  const env: Partial<Record<SettingName, string>> = {}
  for (const name of names.filter(isKnown)) {
    const value = source[name]
    if (value !== undefined && value !== '') env[name] = value
  }
  for (const name of SECRET_SETTINGS) delete source[name]
  return { env, unknown: names.filter((name) => !isKnown(name)) }
}

const isKnown = (name: string): name is SettingName => Object.hasOwn(settings, name)
