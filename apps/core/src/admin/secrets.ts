import { CoreError } from '../ground/errors.ts'
import { Secret } from '../ground/secret.ts'
import type { Person } from '../model/principal.ts'
import type { SecretSummary } from '../vault/list.ts'
import type { Vault } from '../vault/vault.ts'
import type { AdminCommands } from './command.ts'
import { pageOf } from './page.ts'

export type SecretParts = Readonly<{
  vault: Pick<Vault, 'list' | 'create' | 'put' | 'promote' | 'bind' | 'unbind' | 'destroy'>
}>

type Names =
  | 'secrets.list'
  | 'secrets.create'
  | 'secrets.put'
  | 'secrets.promote'
  | 'secrets.bind'
  | 'secrets.unbind'
  | 'secrets.destroy'

/** Values go in wrapped, so that nothing on the way can print them; none comes out (VLT-32). */
export function secretCommands({ vault }: SecretParts): Pick<AdminCommands, Names> {
  async function read(person: Person, id: string) {
    const found = (await vault.list(person)).find((secret) => secret.id === id)
    if (!found) throw new CoreError('secret_not_found', { secret: id })
    return secretView(found)
  }

  return {
    async 'secrets.list'({ person, query }) {
      const { items, next } = pageOf(await vault.list(person), (secret) => secret.id, query)
      return { items: items.map(secretView), ...(next && { next }) }
    },

    async 'secrets.create'({ person, body: { value, expiresAt, ...secret } }) {
      const expiry = expiresAt !== undefined && { expiresAtMs: expiresAt }
      const asked = { ...secret, value: new Secret(value), ...expiry }
      return read(person, await vault.create(person, asked))
    },

    async 'secrets.put'({ person, params, body: { value, allowShort, promote } }) {
      const asked = { secretId: params.secret, value: new Secret(value), allowShort, promote }
      await vault.put(person, asked)
      return read(person, params.secret)
    },

    async 'secrets.promote'({ person, params, body }) {
      await vault.promote(person, { secretId: params.secret, version: body.version })
      return read(person, params.secret)
    },

    async 'secrets.bind'({ person, params, body: { binding, value } }) {
      await vault.bind(person, { secretId: params.secret, binding, value: new Secret(value) })
      return read(person, params.secret)
    },

    async 'secrets.unbind'({ person, params }) {
      await vault.unbind(person, { secretId: params.secret, bindingId: params.binding })
      return undefined
    },

    async 'secrets.destroy'({ person, params }) {
      await vault.destroy(person, params.secret)
      return undefined
    },
  }
}

const secretView = (secret: SecretSummary) => ({
  id: secret.id,
  name: secret.name,
  kind: secret.kind,
  state: secret.state,
  createdAt: secret.createdAtMs,
  ...(secret.currentVersion !== undefined && { currentVersion: secret.currentVersion }),
  ...(secret.expiresAtMs !== undefined && { expiresAt: secret.expiresAtMs }),
  ...(secret.lastUsedAtMs !== undefined && { lastUsedAt: secret.lastUsedAtMs }),
  bindings: secret.bindings.map(({ id, serverId, target, name, prefix, hosts, tools }) => ({
    id,
    serverId,
    target,
    name,
    prefix,
    hosts: [...hosts],
    tools: [...tools],
  })),
})
