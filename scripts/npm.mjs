/** Runs npm with progress, and says in one sentence why it failed. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { ROOT, say, seconds, SetupError } from './terminal.mjs'

const PROGRESS_EVERY_MS = 10_000
const NPM_FLAGS = [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
]

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export async function npm(args, cwd) {
  const started = Date.now()
  const [command, ...first] = npmCommand()
  const child = spawn(command, [...first, ...args, ...NPM_FLAGS], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ticker = setInterval(() => say(`  still at it, ${seconds(started)}`), PROGRESS_EVERY_MS)
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint = (complaint + text).slice(-20_000)
  })
  const forget = () => child.kill()
  process.once('exit', forget)
  try {
    const code = await new Promise((done, fail) => child.once('close', done).once('error', fail))
    if (code !== 0) throw new Error(complaint.trim() || `npm ended with code ${code}`)
  } finally {
    clearInterval(ticker)
    process.removeListener('exit', forget)
  }
}

/** The npm that runs this script, else the one beside this Node, else the one on the path. */
export function npmCommand() {
  const beside = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')
  const script = [process.env.npm_execpath, beside].find(
    (path) => path?.endsWith('npm-cli.js') && existsSync(path),
  )
  return script ? [process.execPath, script] : ['npm']
}

const CAUSES = [
  [/ENOSPC|EDQUOT/, 'the disk is full. Free some space'],
  [
    /EACCES|EPERM|EROFS/,
    `this user may not write in ${ROOT}. Correct its owner, or clone to a folder of your own`,
  ],
  [
    /EINTEGRITY/,
    'a package is not the one the lock file names. Something between you and the registry changes packages',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network/i,
    'the npm registry cannot be reached. Connect this machine, or name a mirror: npm config set registry <address>',
  ],
  [
    /E404|ETARGET|notarget/,
    'the registry does not have it. Use a registry that mirrors the public one',
  ],
  [/spawn npm ENOENT/, 'npm is not installed. Install it with Node'],
]

/**
 * @param {unknown} error
 * @param {string} deed
 */
export function asSetupError(error, deed) {
  const text = error instanceof Error ? error.message : String(error)
  const known = CAUSES.find(([pattern]) => pattern.test(text))
  const reason = known
    ? known[1]
    : text.split('\n').findLast((line) => line.trim() && !/complete log|debug-0/.test(line))
  return new SetupError(
    `could not ${deed}: ${reason?.replace(/^npm error\s*/, '')}, and run this again.`,
  )
}
