import type { Ground } from './build-ground.ts'
import type { Config } from './config/config.ts'
import { CoreError } from './ground/errors.ts'
import type { ServerDefinition } from './model/server.ts'
import type { Store } from './store/store.ts'
import { createEnvironmentSealer } from './vault/sealers/environment.ts'
import { createFileSealer } from './vault/sealers/file.ts'
import type { Sealer } from './vault/sealer.ts'
import { createVault, type Vault } from './vault/vault.ts'

/** Keys of the other stages, in memory while the vault is open. */
export type StageKeys = Readonly<{
  /** Of every stored credential hash. @throws CoreError `vault_sealed` */
  pepper: () => Uint8Array
  /** Of cursors and session ids. */
  sealedText: Uint8Array
}>

export type OpenedVault = Readonly<{ vault: Vault; keys: StageKeys; deploymentId: string }>

type VaultSources = Readonly<{
  store: Store
  config: Config
  instanceId: string
  serverOf: (workspaceId: string, serverId: string) => ServerDefinition | undefined
}>

/**
 * Unseals the vault, which arms the audit log: without its signing key nothing can be recorded, so nothing runs.
 *
 * @throws CoreError `sealer_unavailable`, `sealer_unsafe`, `vault_integrity_failed`
 */
export async function openVault(
  ground: Ground,
  { store, config, instanceId, serverOf }: VaultSources,
  signal: AbortSignal,
): Promise<OpenedVault> {
  const vault: Vault = createVault({
    ...ground,
    store,
    serverOf,
    sealer: sealerOf(config),
    whenUnsealed: async () => store.arm(await logConfig(store, vault, instanceId)),
    whenSealed: () => ground.log.warn('the vault is sealed; nothing runs until it is open again'),
  })
  await vault.unseal(signal)
  const pepper = await vault.systemKey('token-pepper')
  return {
    vault,
    deploymentId: await deploymentIdOf(store),
    keys: {
      pepper() {
        if (vault.status().state === 'sealed') throw new CoreError('vault_sealed')
        return pepper
      },
      sealedText: await vault.systemKey('sealed-text'),
    },
  }
}

function sealerOf({ vault, store }: Config): Sealer {
  if (vault.sealer === 'environment') return createEnvironmentSealer(vault.key)
  return createFileSealer({ keyFile: vault.keyFile, outsideOf: [store.dataDir] })
}

async function logConfig(store: Store, vault: Vault, instanceId: string) {
  const seed = await vault.systemKey('audit-signing')
  return { deploymentId: await deploymentIdOf(store), instanceId, seed }
}

/** Made with the root key, at the first unsealing. */
async function deploymentIdOf(store: Store): Promise<string> {
  const root = await store.query('vault.root', {})
  if (!root) throw new CoreError('vault_integrity_failed')
  return root.deployment_id
}
