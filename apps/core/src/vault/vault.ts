import type { Clock } from '../ground/clock.ts'
import type { NewId } from '../ground/ids.ts'
import type { Log } from '../ground/log.ts'
import type { Person } from '../model/principal.ts'
import type { Store } from '../store/store.ts'
import { bindSecret, unbindSecret, type NewBinding, type Unbinding } from './bind.ts'
import type { Draft, ServerOf, VerbParts } from './change.ts'
import { createSecret, type NewSecret } from './create.ts'
import { createDataBox, type DataBox } from './data-box.ts'
import { destroySecret } from './destroy.ts'
import { createInTurn } from './in-turn.ts'
import { createInjector, type Injector } from './inject.ts'
import { createKeyring, type Keyring } from './keyring.ts'
import { listSecrets, type SecretSummary } from './list.ts'
import { promoteVersion, type Promotion } from './promote.ts'
import { putVersion, type NewVersion } from './put.ts'
import { createRefuse } from './refuse.ts'
import { createSealState, type VaultStatus } from './seal-state.ts'
import { createSealVault } from './seal.ts'
import type { Sealer } from './sealer.ts'
import { createSystemKey, type SystemKey } from './system-key.ts'
import { createUnseal } from './unseal.ts'

/**
 * Keeps secrets so that no role, no route and no copy of the database shows a value; it comes out only into calls
 * that were cleared, to the places it is bound to.
 */
export type Vault = DataBox &
  Pick<Injector, 'inject' | 'connectCredentials'> &
  Readonly<{
    status: () => VaultStatus
    /** @throws CoreError `sealer_unavailable`, `sealer_unsafe`, `vault_integrity_failed` */
    unseal: (signal: AbortSignal, person?: Person) => Promise<void>
    seal: (person?: Person) => Promise<void>
    create: (person: Person, asked: NewSecret) => Promise<string>
    put: (person: Person, asked: NewVersion) => Promise<number>
    promote: (person: Person, asked: Promotion) => Promise<void>
    bind: (person: Person, asked: NewBinding) => Promise<string>
    unbind: (person: Person, asked: Unbinding) => Promise<void>
    destroy: (person: Person, secretId: string) => Promise<void>
    list: (person: Pick<Person, 'workspaceId'>) => Promise<readonly SecretSummary[]>
    systemKey: SystemKey
    [Symbol.dispose]: () => void
  }>

export type VaultParts = Readonly<{
  store: Pick<Store, 'query' | 'command' | 'housekeep' | 'append' | 'hints'>
  sealer: Sealer
  clock: Clock
  newId: NewId
  log: Log
  draft: Draft
  serverOf: ServerOf
  /** Runs with the keys in place and before the unsealing is recorded: arms the log, which needs a key itself. */
  whenUnsealed?: () => Promise<void>
  /** Runs when the keys are gone: ends calls, and processes that hold a value. */
  whenSealed?: () => void
}>

export function createVault(parts: VaultParts): Vault {
  const { store, clock } = parts
  const state = createSealState()
  const keyring = createKeyring({ store, newId: parts.newId, root: state.root })
  const verbs: VerbParts = {
    ...parts,
    keyring,
    inTurn: createInTurn(),
    changed: (workspaceId) => injector.drop(workspaceId),
  }
  const injector = createInjector({
    ...parts,
    keyring,
    nowMs: clock.nowMs,
    refuse: createRefuse({ ...verbs, store }),
    assertUnsealed: state.root,
  })
  const drop = (): void => {
    keyring.drop()
    injector.dropAll()
  }
  const hint = store.hints.on('vault', injector.wake)

  return {
    ...createVerbs(verbs),
    ...createDataBox(keyring),
    inject: injector.inject,
    connectCredentials: injector.connectCredentials,
    systemKey: createSystemKey(store, state.root),
    status: () => ({
      state: state.isUnsealed() ? 'unsealed' : 'sealed',
      sealer: parts.sealer.kind,
    }),
    unseal: createUnseal(parts, state, drop),
    seal: createSealVault(parts, state, drop),
    [Symbol.dispose]: () => {
      hint[Symbol.dispose]()
      state.set(undefined)
      drop()
    },
  }
}

type Verbs = Pick<Vault, 'create' | 'put' | 'promote' | 'bind' | 'unbind' | 'destroy' | 'list'>

const createVerbs = (verbs: VerbParts & Readonly<{ keyring: Keyring }>): Verbs => ({
  create: (person, asked) => createSecret(verbs, person, asked),
  put: (person, asked) => putVersion(verbs, person, asked),
  promote: (person, asked) => promoteVersion(verbs, person, asked),
  bind: (person, asked) => bindSecret(verbs, person, asked),
  unbind: (person, asked) => unbindSecret(verbs, person, asked),
  destroy: (person, secretId) => destroySecret(verbs, person, secretId),
  list: (person) => listSecrets(verbs.store, person),
})
