/**
 * Makes a fresh clone ready to run: a Node new enough, and the packages of the lock file. Plain JavaScript without a
 * dependency, because it runs before anything is installed, on any Node from 20 on.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import { nodePackages, NODE_MAJOR_MIN } from './node-packages.mjs'
import { asSetupError, npm } from './npm.mjs'
import { ROOT, say, seconds, SetupError } from './terminal.mjs'

const TOOLCHAIN = join(ROOT, '.toolchain')
/**
 * @param {{ quiet?: boolean }} [options] `quiet` says nothing when nothing is missing
 * @returns {Promise<string>} path of the Node that runs TypeScript
 */
export async function prepare({ quiet = false } = {}) {
  const started = Date.now()
  const node = await ensureNode()
  const installed = await ensurePackages()
  const isFresh = installed || node.installed
  if (isFresh) say(`Set-up done in ${seconds(started)}.`)
  else if (!quiet) say(`Node ${node.version}, packages as locked: nothing to install.`)
  return node.path
}

async function ensureNode() {
  if (majorOf(process.versions.node) >= NODE_MAJOR_MIN) {
    return { path: process.execPath, version: process.versions.node, installed: false }
  }
  const platform = `${process.platform}-${process.arch}`
  const offer = nodePackages[platform]
  if (!offer || isMusl()) {
    throw new SetupError(
      `this machine has Node ${process.versions.node}, and npm has no newer one for ${platform}` +
        `${isMusl() ? ' with musl' : ''}. Install Node ${NODE_MAJOR_MIN} or newer from https://nodejs.org and run this again.`,
    )
  }
  const home = join(TOOLCHAIN, 'node_modules', offer.name)
  const path = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const isThere =
    existsSync(path) && readJson(join(home, 'package.json'))?.version === offer.version
  if (!isThere) await installNode(offer)
  return { path, version: offer.version, installed: !isThere }
}

/**
 * Installs into a folder beside and moves it into place whole, so an interrupted set-up leaves nothing half done. The
 * lock file written here makes npm compare the package with the digest this repository names.
 *
 * @param {{ name: string, version: string, integrity: string }} offer
 */
async function installNode({ name, version, integrity }) {
  const started = Date.now()
  say(
    `Node ${process.versions.node} is too old for Peta; fetching Node ${version} (npm package ${name}) into .toolchain`,
  )
  try {
    mkdirSync(TOOLCHAIN, { recursive: true })
    const draft = mkdtempSync(join(TOOLCHAIN, 'draft-'))
    try {
      writeFileSync(
        join(draft, 'package.json'),
        JSON.stringify({ dependencies: { [name]: version } }),
      )
      const packages = {
        '': { dependencies: { [name]: version } },
        [`node_modules/${name}`]: { version, integrity },
      }
      writeFileSync(
        join(draft, 'package-lock.json'),
        JSON.stringify({ lockfileVersion: 3, packages }),
      )
      await npm(['ci', '--prefix', draft], draft)
      rmSync(join(TOOLCHAIN, 'node_modules'), { recursive: true, force: true })
      renameSync(join(draft, 'node_modules'), join(TOOLCHAIN, 'node_modules'))
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  } catch (error) {
    throw asSetupError(error, `fetch Node ${version}`)
  }
  say(`  fetched in ${seconds(started)}`)
}

/** @returns {Promise<boolean>} whether something was installed */
async function ensurePackages() {
  if (packagesMatchLock()) return false
  const started = Date.now()
  say('Installing the packages of package-lock.json (install scripts off)')
  try {
    await npm(['ci'], ROOT)
  } catch (error) {
    throw asSetupError(error, 'install the packages')
  }
  say(`  installed in ${seconds(started)}`)
  return true
}

/**
 * npm keeps what it installed in `node_modules/.package-lock.json`, written last; comparing it with the lock file
 * notices a changed lock, an interrupted install and a hand-made one alike.
 */
function packagesMatchLock() {
  const wanted = readJson(join(ROOT, 'package-lock.json'))?.packages
  const found = readJson(join(ROOT, 'node_modules', '.package-lock.json'))?.packages
  if (!wanted)
    throw new SetupError(
      'package-lock.json is missing or broken; restore it: git checkout package-lock.json',
    )
  if (!found) return false
  const isSame = ([path, entry]) =>
    found[path]
      ? found[path].version === entry.version && found[path].integrity === entry.integrity
      : entry.optional
  return (
    Object.entries(wanted)
      .filter(([path]) => isInstalled(path))
      .every(isSame) &&
    Object.keys(found)
      .filter(isInstalled)
      .every((path) => wanted[path])
  )
}

/** @param {string} path */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined // NOTE: absent and broken mean the same to every caller: not installed.
  }
}

function isMusl() {
  return process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime
}

const majorOf = (version) => Number(version.split('.')[0])

const isInstalled = (path) => path.includes('node_modules/')
