import { z } from 'zod'

import { sha256Hex } from '../crypto/digest.ts'
import { canonicalJson } from '../ground/canonical-json.ts'
import { CoreError } from '../ground/errors.ts'
import type { ServerDefinition } from '../model/server.ts'
import { assertHeaderName, assertVariableName } from './binding-names.ts'
import { hostOf, parseHost } from './host.ts'

export const bindingTargets = ['header', 'basic', 'env', 'descriptor'] as const
export type BindingTarget = (typeof bindingTargets)[number]

/** The one kind of place a secret may go to: this definition of this server, in this form (VLT-42). */
export type Binding = Readonly<{
  id: string
  serverId: string
  /** The server's definition hash: command, arguments, URL, whatever could lead the value elsewhere. */
  serverDigest: string
  target: BindingTarget
  name: string
  prefix: string
  hosts: readonly string[]
  tools: readonly string[]
  createdBy: string
  createdAtMs: number
}>

/** What an administrator asks for. */
export type BindingRequest = Pick<Binding, 'serverId' | 'target' | 'name'> &
  Partial<Pick<Binding, 'prefix' | 'hosts' | 'tools'>>

export const EVERY_TOOL = '*'

/** Independent of order, and of who bound when. */
export function bindingDigest(bindings: readonly Binding[]): string {
  const texts = bindings.map(({ serverId, serverDigest, target, name, prefix, hosts, tools }) =>
    canonicalJson({
      server_id: serverId,
      server_digest: serverDigest,
      target,
      name,
      prefix,
      hosts: hosts.toSorted(),
      tools: tools.toSorted(),
    }),
  )
  return sha256Hex(`[${texts.toSorted().join(',')}]`)
}

type Made = Readonly<{ id: string; createdBy: string; createdAtMs: number }>

/**
 * A binding to a server as it is defined now.
 *
 * @throws CoreError `binding_not_enforceable`, with what to change
 */
export function bindTo(server: ServerDefinition, asked: BindingRequest, made: Made): Binding {
  const binding = {
    ...made,
    serverId: server.id,
    serverDigest: server.hash,
    target: asked.target,
    name: asked.target === 'basic' ? 'authorization' : asked.name,
    prefix: asked.target === 'header' ? (asked.prefix ?? '') : '',
    hosts: (asked.hosts ?? []).map(parseHost),
    tools: asked.tools ?? [EVERY_TOOL],
  }
  if (isForHttp(binding.target)) checkHttp(server, binding)
  else checkProcess(server, binding)
  return binding
}

export const isForHttp = (target: BindingTarget): boolean =>
  target === 'header' || target === 'basic'

function checkHttp({ launch }: ServerDefinition, binding: Binding): void {
  if (launch.kind !== 'http') {
    throw refused(`A ${binding.target} can be added only to requests of an HTTP server.`)
  }
  assertHeaderName(binding.name)
  if (!isSafeText(binding.prefix)) throw refused('The prefix holds a control character.')
  if (binding.tools.length === 0) throw refused('Name the tools, or "*" for all.')
  const { protocol } = new URL(launch.url)
  if (protocol !== 'https:' && !launch.allowLoopback) throw refused('The server needs https.')
  if (!binding.hosts.includes(hostOf(launch.url))) {
    throw refused(`The hosts must include ${hostOf(launch.url)}, where the server is.`)
  }
}

/** A process holds its environment for all its life, so nothing can keep one tool from it (VLT-44). */
function checkProcess({ launch }: ServerDefinition, binding: Binding): void {
  if (launch.kind !== 'stdio') {
    throw refused(`A ${binding.target} value can be given only to a process.`)
  }
  assertVariableName(binding.name)
  if (binding.hosts.length > 0) throw refused('Hosts of a process cannot be enforced; name none.')
  if (binding.tools.length !== 1 || binding.tools[0] !== EVERY_TOOL) {
    throw refused('A process serves all tools with one environment; bind it to "*".')
  }
}

const headerText = /^[\t\u0020-\u007e]*$/

/** What a header carries unchanged whatever software it passes. @see RFC 9110 section 5.5 */
export const isSafeText = (text: string): boolean => headerText.test(text)

const refused = (problem: string): CoreError =>
  new CoreError('binding_not_enforceable', { problem })

const texts = z.array(z.string())

/** @throws CoreError `vault_integrity_failed` when a row was tampered with beyond reading */
export function parseTexts(json: string): readonly string[] {
  try {
    return texts.parse(JSON.parse(json))
  } catch (cause) {
    throw new CoreError('vault_integrity_failed', {}, { cause })
  }
}
