import { stat, statfs } from 'node:fs/promises'

import { dataDir, hostKeyFile, sealerKeyFile, sessionFile } from '../paths.ts'
import { when } from '../print.ts'
import { signedIn } from '../session.ts'
import { failed, ok, warning, type Check } from './check.ts'
import { coreChecks } from './core-checks.ts'

/** What this host is, where a test cannot make it so. */
export type Host = Readonly<{
  nodeVersion: string
  /** @throws when there is no such folder */
  freeBytes: (folder: string) => Promise<number>
}>

const NODE_MAJOR_MIN = 24
const OTHERS = 0o077
const GIB = 1024 ** 3
/** As Core has it: below the one it warns, below the other it refuses calls. */
const FREE_LOW = 2 * GIB
const FREE_MIN = GIB / 4

const thisHost: Host = {
  nodeVersion: process.version,
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  },
}

/** Everything that `peta doctor` looks at: first this host, then Core. */
export async function createChecks(url: string, host = thisHost): Promise<readonly Check[]> {
  const made = 'Core makes it when it first starts: npm start'
  const ofHost = await Promise.all([
    privatePath('data directory', dataDir(), made),
    diskSpace(host),
    privatePath('host key', hostKeyFile(), made),
    ...(process.env['PETA_SEALER'] === 'environment'
      ? []
      : [privatePath('sealer key', sealerKeyFile(), made)]),
    session(),
  ])
  return [nodeVersion(host), ...ofHost.flat(), ...(await coreChecks(url))]
}

function nodeVersion({ nodeVersion: version }: Host): Check {
  const major = Number(/\d+/.exec(version)?.[0])
  if (major >= NODE_MAJOR_MIN) return ok('Node.js', version)
  const fix = `Use Node ${NODE_MAJOR_MIN} or newer; npm start installs one.`
  return failed('Node.js', version, fix)
}

/** What only its owner may read: group and others must have no bit at all. */
async function privatePath(name: string, path: string, absent: string): Promise<Check> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return warning(name, `${path} is not there, or not for you to see`, absent)
  const evidence = `${path}, mode ${(found.mode & 0o777).toString(8)}`
  if ((found.mode & OTHERS) === 0) return ok(name, evidence)
  return failed(name, evidence, `chmod ${found.isDirectory() ? '700' : '600'} ${path}`)
}

/** A folder that is not there has been reported, and has no disk to look at. */
async function diskSpace({ freeBytes }: Host): Promise<readonly Check[]> {
  const name = 'disk space'
  const free = await freeBytes(dataDir()).catch(() => undefined)
  if (free === undefined) return []
  const evidence = `${(free / GIB).toFixed(1)} GiB free for ${dataDir()}`
  if (free < FREE_MIN) {
    return [failed(name, evidence, 'Make room: below 0.25 GiB Core refuses calls.')]
  }
  if (free < FREE_LOW) return [warning(name, evidence, 'Make room, 2 GiB or more.')]
  return [ok(name, evidence)]
}

async function session(): Promise<Check> {
  const name = 'session'
  const fix = 'Sign in, on the host: peta login'
  const file = await privatePath(name, sessionFile(), fix)
  if (file.state !== 'ok') return file
  const found = await signedIn(undefined).catch(() => undefined)
  if (!found) return warning(name, `${sessionFile()} holds none that works`, fix)
  const { url, expiresAt } = found.session
  return ok(name, `${file.evidence}, at ${url} until ${when(expiresAt)}`)
}
