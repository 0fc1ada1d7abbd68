import { afterEach, beforeEach, expect, it } from 'vitest'

import { isCoreError } from '../ground/errors.ts'
import { Secret } from '../ground/secret.ts'
import type { TestStore } from '../store/testing.ts'
import {
  header,
  never,
  openWorld,
  person,
  TOKEN,
  variable,
  callClearance,
  type World,
} from './testing.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world[Symbol.asyncDispose]())

type Stored = NonNullable<Awaited<ReturnType<typeof read>>>

const read = (secretId: string) =>
  world.store.query('secret.get', { workspaceId: 'ws_1', secretId })

/** What someone with write access to the database could make of a secret's rows. */
const edited = (edit: (stored: Stored[]) => unknown): TestStore => ({
  ...world.store,
  query: async (name, args) => {
    const result = await world.store.query(name, args)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the name says which result it is
    if (name === 'secret.forServer') edit(result as Stored[])
    return result
  },
})

async function opensWith(edit: (stored: Stored[]) => unknown): Promise<boolean> {
  const vault = world.twin(undefined, edited(edit))
  await vault.unseal(never)
  try {
    await vault.inject(callClearance(), never)
    return true
  } catch (error) {
    if (isCoreError(error)) return false
    throw error
  }
}

it('no row can stand in for another, of another secret or version (VLT-15)', async () => {
  const first = await world.createToken()
  await world.vault.put(person, { secretId: first, value: new Secret('value-two'), promote: true })
  await world.vault.create(person, {
    name: 'other',
    kind: 'api_key',
    value: new Secret('other-value'),
    bindings: [header],
  })
  expect(await opensWith(() => undefined)).toBe(true)

  for (const column of ['blob', 'wrapped_dek', 'dek_id'] as const) {
    expect(
      await opensWith(([a, b]) => swapColumn(a?.versions.at(-1), b?.versions.at(-1), column)),
    ).toBe(false)
    expect(await opensWith(([a]) => swapColumn(a?.versions[0], a?.versions[1], column))).toBe(false)
  }
  expect(await opensWith(([a, b]) => swapRows(a, b))).toBe(false)
  expect(await opensWith(([a]) => a && (a.secret.current_version = 1))).toBe(false)
})

it('any flipped bit of a value or of its key fails', async () => {
  await world.createToken()
  for (const column of ['blob', 'wrapped_dek'] as const) {
    const stored = await read((await world.vault.list(person))[0]?.id ?? '')
    const length = stored?.versions[0]?.[column].byteLength ?? 0
    for (let at = 0; at < length; at += 7) {
      const bit = 1 << (at % 8)
      expect(await opensWith(([a]) => flip(a?.versions[0]?.[column], at, bit))).toBe(false)
    }
  }
})

it('a secret whose binding, owner or target was edited does not open (VLT-16)', async () => {
  await world.createToken()
  const edits: readonly ((stored: Stored) => void)[] = [
    ({ bindings }) =>
      Object.assign(bindings[0] ?? {}, { hosts: '["api.example.com:443","evil.example:443"]' }),
    ({ bindings }) => Object.assign(bindings[0] ?? {}, { prefix: '' }),
    ({ bindings }) => Object.assign(bindings[0] ?? {}, { name: 'x-other' }),
    ({ bindings }) => Object.assign(bindings[0] ?? {}, { tools: '["other"]' }),
    ({ bindings }) => Object.assign(bindings[0] ?? {}, { target: 'basic' }),
    ({ bindings }) => Object.assign(bindings[0] ?? {}, { hosts: 'not json' }),
    ({ bindings }) => bindings.push(...bindings.map((row) => ({ ...row, id: 'bnd_new' }))),
    ({ secret }) => Object.assign(secret, { owner_id: 'ws_2' }),
    ({ secret }) => Object.assign(secret, { id: 'sec_other' }),
    ({ secret }) => Object.assign(secret, { workspace_id: 'ws_2' }),
  ]
  for (const edit of edits) {
    expect({ edit: edit.toString(), opens: await opensWith(([a]) => a && edit(a)) }).toMatchObject({
      opens: false,
    })
  }
})

it('a binding edited in the database is not taken for true by the next change (VLT-16)', async () => {
  const secretId = await world.createToken()
  const stored = await read(secretId)
  const [binding] = stored?.bindings ?? []
  if (!binding || !stored) throw new Error('not stored')
  const { workspace_id: workspaceId, secret_id: _secret, ...row } = binding
  await world.store.command(
    'secret.save',
    {
      workspaceId,
      secretId,
      fromRevision: stored.secret.revision,
      state: 'active',
      currentVersion: 1,
      expiresAt: null,
      versions: [],
      bindings: [{ ...row, server_digest: 'hash-of-an-evil-definition' }],
      kekId: '',
      wraps: 0,
    },
    [world.store.drafts()[0] ?? neverHappens()],
  )
  const asked = { secretId, value: new Secret(TOKEN) }
  const refused = expect.objectContaining({ code: 'vault_integrity_failed' })
  await expect(world.vault.put(person, { ...asked, promote: true })).rejects.toEqual(refused)
  await expect(world.vault.bind(person, { ...asked, binding: variable })).rejects.toEqual(refused)
  await expect(world.vault.unbind(person, { secretId, bindingId: binding.id })).rejects.toEqual(
    refused,
  )
})

it('a system key does not open under the name of another (VLT-4)', async () => {
  await world.vault.systemKey('one')
  const one = await world.store.query('vault.systemKey', { workspaceId: 'deployment', name: 'one' })
  const spoiled: TestStore = {
    ...world.store,
    query: async (name, args) => {
      const result = await world.store.query(name, args)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the name says which result it is
      return name === 'vault.systemKey' ? (one as typeof result) : result
    },
  }
  const vault = world.twin(undefined, spoiled)
  await vault.unseal(never)
  await expect(vault.systemKey('two')).rejects.toEqual(
    expect.objectContaining({ code: 'vault_integrity_failed' }),
  )
})

type Version = Stored['versions'][number] | undefined

function swapColumn(a: Version, b: Version, column: 'blob' | 'wrapped_dek' | 'dek_id'): void {
  if (!a || !b) throw new Error('nothing to swap')
  const kept = a[column]
  Object.assign(a, { [column]: b[column] })
  Object.assign(b, { [column]: kept })
}

function swapRows(a: Stored | undefined, b: Stored | undefined): void {
  if (!a || !b) throw new Error('nothing to swap')
  const current = b.versions.at(-1)
  Object.assign(a.versions.at(-1) ?? {}, { ...current, version: a.secret.current_version })
}

function flip(bytes: Uint8Array | undefined, at: number, bit: number): void {
  if (!bytes) throw new Error('nothing to flip')
  bytes[at] = (bytes[at] ?? 0) ^ bit
}

function neverHappens(): never {
  throw new Error('unsealing leaves an event')
}
