import { dirname, posix } from 'node:path'

import {
  ambientPowers,
  composition,
  drivers,
  harmlessNames,
  layers,
  powers,
  workspaces,
} from './layers.ts'

/**
 * What a file of Core may not do but does, one sentence each.
 *
 * `file` is relative to `apps/core/src`, as in `policy/decide.ts`.
 */
export function coreBreaches(file: string, text: string): string[] {
  if (composition.test(file)) return []
  const layer = layerOf(file)
  if (!file.includes('/') || !(layer in layers)) return [`${file} is in no layer`]
  const source = withoutComments(text)
  return [
    ...importsOf(source)
      .map((found) => ({ ...found, target: targetOf(file, found.specifier) }))
      .filter((found) => !mayImport(layer, found))
      .map(({ target }) => `${file} may not import ${target}`),
    ...Object.entries(ambientPowers)
      .filter(([, power]) => power.pattern.test(source) && !power.holders.includes(layer))
      .map(([name]) => `${file} may not use ${name}`),
  ]
}

/**
 * What a workspace may not import but does.
 *
 * `file` is relative to the repository, as in `packages/sdk/src/client.ts`.
 */
export function workspaceBreaches(file: string, text: string): string[] {
  const home = file.split('/').slice(0, 2).join('/')
  const allowed = workspaces[home]
  if (!allowed) return [`${file} is in no workspace`]
  return importsOf(withoutComments(text))
    .map(({ specifier }) => specifier)
    .filter((specifier) => {
      if (specifier.startsWith('.')) {
        return !posix.join(dirname(file), specifier).startsWith(`${home}/`)
      }
      if (home !== 'apps/core' && isDriver(specifier)) return true
      const isOurs = specifier.startsWith('@peta/')
      const listed = isOurs ? allowed.ours : allowed.others
      return listed !== 'any' && !listed.includes(specifier)
    })
    .map((specifier) => `${file} may not import ${specifier}`)
}

type Import = Readonly<{ specifier: string; names: readonly string[] }>

const IMPORT =
  /(?:\b(?:import|export)\s+(?:type\s+)?(?<clause>[^'";]*?)\s*\bfrom\s*|\bimport\s*\(?\s*)['"](?<specifier>[^'"]+)['"]/g

/** Every import, re-export and literal `import()`; `names` only where all that comes in is named. */
function importsOf(source: string): Import[] {
  return [...source.matchAll(IMPORT)].map(({ groups }) => ({
    specifier: groups?.['specifier'] ?? '',
    names: namesOf(groups?.['clause'] ?? ''),
  }))
}

function namesOf(clause: string): string[] {
  const list = /^\{([^}]*)\}$/.exec(clause)?.[1] ?? ''
  return list
    .split(',')
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s/)[0] ?? '',
    )
    .filter(Boolean)
}

function mayImport(layer: string, { target, names }: Import & { target: string }): boolean {
  const power = Object.keys(powers).find((name) => isOf(name, target))
  if (power) return (powers[power] ?? []).includes(layer) || isHarmless(power, names)
  if (!target.endsWith('.ts')) return !isBareBuiltin(target)
  return target.startsWith(`${layer}/`) || (layers[layer] ?? []).includes(layerOf(target))
}

const isOf = (name: string, target: string): boolean =>
  target === name || target.startsWith(`${name}/`)

const isDriver = (specifier: string): boolean => drivers.some((name) => isOf(name, specifier))

function isHarmless(power: string, names: readonly string[]): boolean {
  return names.length > 0 && names.every((name) => harmlessNames[power]?.includes(name))
}

/** `fs` is `node:fs` under a name the table does not hold, so only the prefixed name is allowed. */
const isBareBuiltin = (target: string): boolean => `node:${target.split('/')[0]}` in powers

/** Our own files relative to `src`; anything else as it is written. */
function targetOf(file: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(dirname(file), specifier) : specifier
}

const layerOf = (file: string): string => file.split('/')[0] ?? ''

/** Comments may speak of anything. Strings stay: a quoted `//` only hides the rest of its own line. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}
