import { stat } from 'node:fs/promises'

import { dataDir, hostKeyFile, sealerKeyFile, sessionFile } from '../paths.ts'
import { failed, ok, warning, type Check } from './check.ts'
import { coreChecks } from './core-checks.ts'

const NODE_MAJOR_MIN = 24
const OTHERS = 0o077

/** Everything that `peta doctor` looks at: first this host, then Core. */
export async function createChecks(url: string): Promise<readonly Check[]> {
  const made = 'Core makes it when it first starts: npm start'
  const host = await Promise.all([
    privatePath('data directory', dataDir(), made),
    privatePath('host key', hostKeyFile(), made),
    ...(process.env['PETA_SEALER'] === 'environment'
      ? []
      : [privatePath('sealer key', sealerKeyFile(), made)]),
    privatePath('session', sessionFile(), 'Sign in, on the host: peta login'),
  ])
  return [nodeVersion(), ...host, ...(await coreChecks(url))]
}

function nodeVersion(): Check {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= NODE_MAJOR_MIN) return ok('Node.js', process.version)
  const fix = `Use Node ${NODE_MAJOR_MIN} or newer; npm start installs one.`
  return failed('Node.js', process.version, fix)
}

/** What only its owner may read: group and others must have no bit at all. */
async function privatePath(name: string, path: string, absent: string): Promise<Check> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return warning(name, `${path} is not there, or not for you to see`, absent)
  const evidence = `${path}, mode ${(found.mode & 0o777).toString(8)}`
  if ((found.mode & OTHERS) === 0) return ok(name, evidence)
  return failed(name, evidence, `chmod ${found.isDirectory() ? '700' : '600'} ${path}`)
}
