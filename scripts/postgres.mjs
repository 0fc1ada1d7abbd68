/** Finds the server programs of PostgreSQL for the tests, and installs them where that is one command. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

import { say, seconds } from './terminal.mjs'

const DEBIAN_HOME = '/usr/lib/postgresql'
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.conf'

/** @returns {boolean} whether the programs are there now; when not, says what to install */
export function ensurePostgres() {
  if (hasPostgres()) return true
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (canInstall && installPostgres() && hasPostgres()) return true
  say(
    'PostgreSQL server programs (initdb, postgres) are missing, so the tests on PostgreSQL cannot run. Install them' +
      ' (Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql) and run npm test again.',
  )
  return false
}

function hasPostgres() {
  const versions = existsSync(DEBIAN_HOME) ? readdirSync(DEBIAN_HOME) : []
  return [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN_HOME, version, 'bin')),
  ].some((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

function installPostgres() {
  say(
    'Installing the system package postgresql for the tests (apt-get update, then install); no cluster is created',
  )
  if (!existsSync(CLUSTER_SETTINGS)) {
    mkdirSync(dirname(CLUSTER_SETTINGS), { recursive: true })
    writeFileSync(CLUSTER_SETTINGS, 'create_main_cluster = false\n')
  }
  return (
    apt(['update']) &&
    apt([
      'install',
      '-y',
      '--no-install-recommends',
      '-o',
      'Dpkg::Options::=--force-confold',
      'postgresql',
    ])
  )
}

/** @param {readonly string[]} args */
function apt(args) {
  const started = Date.now()
  const { status, stderr } = spawnSync('apt-get', ['-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  const last = stderr?.trim().split('\n').at(-1)
  say(`  apt-get ${args[0]}: ${status === 0 ? 'done' : `failed (${last})`} in ${seconds(started)}`)
  return status === 0
}
