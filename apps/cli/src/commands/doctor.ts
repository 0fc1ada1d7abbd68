import { stat } from 'node:fs/promises'

import type { Command } from 'commander'

import { globals } from '../command.ts'
import { dataDir, hostKeyFile, sealerKeyFile } from '../paths.ts'
import { createPrint, table } from '../print.ts'

type Check = Readonly<{
  name: string
  state: 'ok' | 'warning' | 'failed'
  evidence: string
  fix: string
}>

const NODE_MAJOR_MIN = 24
const OWNER_ONLY = 0o077

/** Looks at this host and at Core; exit code 1 when anything failed. It prints no secret and changes nothing. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check this host and the running Core')
    .action(async (_options, command: Command) => {
      const { url, json } = globals(command)
      const checks = await Promise.all([
        nodeVersion(),
        privateFile('data directory', dataDir(), 'chmod 700'),
        privateFile('host key', hostKeyFile(), 'chmod 600'),
        privateFile('sealer key', sealerKeyFile(), 'chmod 600'),
        endpoint('Core is alive', `${url}/health`, 'Start it: npm start'),
        endpoint('Core is ready', `${url}/ready`, 'Read what it says, and its log.'),
        refusesForeignHosts(url),
      ])
      const rows = checks.map((check) => [
        check.state,
        check.name,
        check.evidence,
        check.state === 'ok' ? '' : check.fix,
      ])
      createPrint(json).result(checks, table(['STATE', 'CHECK', 'EVIDENCE', 'FIX'], rows))
      if (checks.some((check) => check.state === 'failed')) process.exitCode = 1
    })
}

async function nodeVersion(): Promise<Check> {
  const major = Number(process.versions.node.split('.')[0])
  return {
    name: 'Node.js',
    state: major >= NODE_MAJOR_MIN ? 'ok' : 'failed',
    evidence: process.version,
    fix: `Use Node ${NODE_MAJOR_MIN} or newer; npm start installs one.`,
  }
}

/** What only the owner may read: group and others must have no bit at all. */
async function privateFile(name: string, path: string, remedy: string): Promise<Check> {
  const found = await stat(path).catch(() => undefined)
  if (!found) {
    return {
      name,
      state: 'warning',
      evidence: `${path} is not there`,
      fix: 'Core makes it when it first starts.',
    }
  }
  const isPrivate = (found.mode & OWNER_ONLY) === 0
  return {
    name,
    state: isPrivate ? 'ok' : 'failed',
    evidence: `${path}, mode ${(found.mode & 0o777).toString(8)}`,
    fix: `${remedy} ${path}`,
  }
}

async function endpoint(name: string, url: string, fix: string): Promise<Check> {
  try {
    const response = await fetch(url, { redirect: 'error' })
    const evidence = `${url} answered ${response.status}`
    return { name, state: response.ok ? 'ok' : 'failed', evidence, fix }
  } catch {
    return { name, state: 'failed', evidence: `${url} does not answer`, fix }
  }
}

/** A page that rebinds its name to this machine must get nothing. */
async function refusesForeignHosts(url: string): Promise<Check> {
  const name = 'foreign origins are refused'
  try {
    const response = await fetch(`${url}/health`, {
      headers: { origin: 'https://attacker.example' },
    })
    const state = response.status === 403 ? 'ok' : 'failed'
    return {
      name,
      state,
      evidence: `answered ${response.status}`,
      fix: 'Put no proxy in front that rewrites Origin.',
    }
  } catch {
    return { name, state: 'failed', evidence: 'Core does not answer', fix: 'Start it: npm start' }
  }
}
