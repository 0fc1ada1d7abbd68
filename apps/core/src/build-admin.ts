import { setTimeout as pause } from 'node:timers/promises'

import { approvalCommands, countApprovals } from './admin/approvals.ts'
import { auditCommands } from './admin/audit.ts'
import type { AdminCommands } from './admin/command.ts'
import { eventCommands } from './admin/events.ts'
import { createHypotheticalCall } from './admin/hypothetical-call.ts'
import { sealCursors, type CursorPurpose } from './admin/list-cursors.ts'
import { peopleCommands } from './admin/people.ts'
import { policyCommands } from './admin/policy.ts'
import { profileCommands } from './admin/profiles.ts'
import { secretCommands } from './admin/secrets.ts'
import { serverCommands } from './admin/servers.ts'
import { sessionCommands } from './admin/session.ts'
import { statusCommands } from './admin/status.ts'
import { auditKeys } from './audit/keys.ts'
import type { Ground } from './build-ground.ts'
import { constantTimeEqual } from './crypto/digest.ts'
import { createSealedText } from './crypto/sealed-text.ts'
import { createAdminApp } from './http/admin-app.ts'
import { createAdminListener, type AdminListener } from './http/admin-listener.ts'
import type { Stages } from './open-stages.ts'
import type { StageKeys } from './open-vault.ts'
import { initialPolicy } from './policy/initial-policy.ts'
import type { Store } from './store/store.ts'

export type AdminSources = Ground &
  Readonly<{
    store: Store
    stages: Stages
    keys: StageKeys
    hostKey: string
    deploymentId: string
    publicUrl: () => string
  }>

export type Admin = AdminListener &
  Readonly<{
    setupLink: () => Promise<string | undefined>
    /** Ends the answers that would go on for ever, so that the port can close. */
    stop: () => void
  }>

/** Joins the stages for people. */
export function buildAdmin(sources: AdminSources): Admin {
  const { stages, newId, log, version, hostKey, publicUrl } = sources
  const { identity } = stages
  const stopping = new AbortController()
  const app = createAdminApp({
    commands: sealCursors(
      commandsOf(sources, stopping.signal),
      createSealedText<CursorPurpose>(sources.keys.sealedText),
    ),
    person: identity.person,
    refuseInUrl: identity.refuseInUrl,
    isHost: hostProof(hostKey),
    isSetUp: identity.setup.isDone,
    obstacles: async () => obstacles(sources),
    auditKeys: () => auditKeys({ query: sources.store.query, deploymentId: sources.deploymentId }),
    publicUrl,
    newId,
    log,
    version,
  })
  return {
    ...createAdminListener(app, newId),
    stop: () => stopping.abort(),
    async setupLink() {
      if (await identity.setup.isDone()) return undefined
      const { link } = await identity.links.create()
      return `${publicUrl()}/setup#${link}`
    },
  }
}

function commandsOf(sources: AdminSources, stopping: AbortSignal): AdminCommands {
  const { stages, store, clock, publicUrl } = sources
  const { identity, policy, profiles, approvals, vault, runtime } = stages
  return {
    ...sessionCommands({ identity, publicUrl, prepareWorkspace: prepareWorkspace(sources) }),
    ...peopleCommands({
      identity,
      isProfile: (workspaceId, name) => profiles.find(workspaceId, name) !== undefined,
      nowMs: clock.nowMs,
    }),
    ...serverCommands({ runtime }),
    ...profileCommands({ profiles, catalogue: runtime.catalogue, publicUrl }),
    ...secretCommands({ vault }),
    ...policyCommands({ policy, ...createHypotheticalCall({ identity, runtime, ...sources }) }),
    ...approvalCommands({ approvals }),
    ...auditCommands(sources),
    ...eventCommands({ store, sleep, stopping, nowMs: clock.nowMs, isCurrent: identity.isCurrent }),
    ...statusCommands({
      version: sources.version,
      engine: store.engine,
      vault: () => vault.status().state,
      policyVersion: policy.version,
      serverCount: (workspaceId) => runtime.servers(workspaceId).length,
      approvalCount: (person, state) => countApprovals(approvals, person, state),
      warnings: () => [],
    }),
  }
}

/** A new workspace has its first rules, and is known to the runtime, before its owner's first request. */
const prepareWorkspace =
  ({ stages: { policy, runtime } }: AdminSources) =>
  async (workspaceId: string, ownerId: string): Promise<void> => {
    await runtime.load(workspaceId)
    const first = { workspaceId, base: 0, author: ownerId, reason: 'First rules' }
    await policy.publish({ ...first, source: initialPolicy })
  }

const SCHEME = 'PetaHost '

function hostProof(hostKey: string): (authorization: string | undefined) => boolean {
  const wanted = Buffer.from(SCHEME + hostKey)
  return (authorization) => constantTimeEqual(Buffer.from(authorization ?? ''), wanted)
}

async function obstacles({ stages, store }: AdminSources): Promise<readonly string[]> {
  const found: string[] = []
  if (stages.vault.status().state === 'sealed') found.push('the vault is sealed')
  await store.query('identity.owner', {}).catch(() => found.push('the database does not answer'))
  return found
}

/** An abort ends the wait early and is no failure: whoever sleeps looks at the signal itself. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal, ref: false }).catch(() => undefined)
}
