import { homedir } from 'node:os'
import { join } from 'node:path'

import { CliError } from './cli-error.ts'

const configHome = (): string => process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
const dataHome = (): string => process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share')

/** The signed-in session of this person, readable by them alone. */
export const sessionFile = (): string => join(configHome(), 'peta', 'session.json')

/** Core's data directory, where the host key is. Reading it is what proves access to the host. */
export const dataDir = (): string => process.env['PETA_DATA_DIR'] || join(dataHome(), 'peta')

export const hostKeyFile = (): string => join(dataDir(), 'host.key')

/** Where the demonstration's file server may read and write. */
export const demoFiles = (): string => join(dataHome(), 'peta-demo', 'files')

const DEFAULT_PORT = '7382'

/** Where the environment says that Core is. A port of 0 is any port, which says nothing. @throws CliError */
export function chosenUrl(): string | undefined {
  const { PETA_URL: url, PETA_PORT: port } = process.env
  if (url) return addressOf('PETA_URL', url)
  if (!port || port === '0') return undefined
  if (URL.canParse(`http://127.0.0.1:${port}`)) return `http://127.0.0.1:${port}`
  throw new CliError('PETA_PORT is no port. Set it to a number such as 7382.', { exitCode: 2 })
}

/** What was given is not repeated: an address can hold a password. @throws CliError that names where it was given */
export function addressOf(name: string, text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text).origin
  throw new CliError(`${name} is no address. Give one such as http://127.0.0.1:7382.`, {
    exitCode: 2,
  })
}

export const defaultUrl = (): string => `http://127.0.0.1:${DEFAULT_PORT}`

export const sealerKeyFile = (): string =>
  process.env['PETA_SEALER_FILE'] || join(configHome(), 'peta', 'sealer.key')
