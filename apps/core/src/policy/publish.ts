import { sha256Hex } from '../crypto/digest.ts'
import { CoreError } from '../ground/errors.ts'
import type { AuditDraft } from '../model/audit-event.ts'
import type { Store } from '../store/store.ts'
import type { Checked } from './check.ts'
import type { PolicyDiff } from './diff.ts'
import { isPublishable, type PolicyProblem } from './problem.ts'
import type { Versions } from './versions.ts'

/** Gives an event its id, time and text. */
export type DraftPolicyEvent = (
  event: Readonly<{
    type: 'policy.version_published' | 'policy.version_rolled_back' | 'policy.publish_refused'
    workspaceId: string
    actorId: string
    target: string
    fields: Readonly<Record<string, unknown>>
  }>,
) => AuditDraft

type Authored = Readonly<{
  workspaceId: string
  /** The active version that this was written on; 0 for the first. */
  base: number
  /** User id of the person who publishes. */
  author: string
  reason: string
}>

export type PublishOutcome =
  | Readonly<{ state: 'published'; version: number; report: readonly PolicyProblem[] }>
  | Readonly<{ state: 'refused'; report: readonly PolicyProblem[] }>

export type Publish = (request: Authored & Readonly<{ source: string }>) => Promise<PublishOutcome>

/** Publishes the text of an old version anew, checked against the tools of today (POL-25). */
export type Rollback = (request: Authored & Readonly<{ to: number }>) => Promise<PublishOutcome>

type PublishParts = Readonly<{
  store: Pick<Store, 'query' | 'command' | 'append'>
  draft: DraftPolicyEvent
  /** Checks rules as the successor of `base`. */
  check: (workspaceId: string, source: string, base: number) => Promise<Checked>
  read: Versions['read']
  /** Brings what was just published into use here; other replicas learn of it by themselves. */
  reload: () => Promise<void>
}>

type Content = Readonly<{ source: string; rolledBackTo?: number }>

/** Checks rules and makes them the next version, in one transaction with its event (POL-24). */
export function createPublish(
  parts: PublishParts,
): Readonly<{ publish: Publish; rollback: Rollback }> {
  return {
    publish: ({ source, ...request }) => publishContent(parts, request, { source }),
    async rollback({ to, ...request }) {
      const old = await parts.read(request.workspaceId, to)
      if (!old) throw new CoreError('not_found')
      return publishContent(parts, request, { source: old.source, rolledBackTo: to })
    },
  }
}

async function publishContent(
  parts: PublishParts,
  { workspaceId, base, author, reason }: Authored,
  content: Content,
): Promise<PublishOutcome> {
  const { store, draft, check, reload } = parts
  const event = { workspaceId, actorId: author, target: `policy/${base + 1}` }
  const { report, changes } = await check(workspaceId, content.source, base)
  if (!isPublishable(report)) {
    const fields = { policy: { base, problems: countByCode(report) } }
    await store.append([draft({ ...event, type: 'policy.publish_refused', fields })])
    return { state: 'refused', report }
  }

  const version = { version: base + 1, base, digest: sha256Hex(content.source), reason }
  await store.command(
    'policy.publish',
    {
      workspaceId,
      author,
      ...toRow(version),
      source: content.source,
      report: JSON.stringify(report),
    },
    [draft({ ...event, ...describe(content, { ...version, changes }) })],
  )
  // It is published, whether or not this process can read it back just now; until it can, it denies.
  await reload().catch(() => undefined)
  return { state: 'published', version: version.version, report }
}

type Version = Readonly<{ version: number; base: number; digest: string; reason: string }>

/** The store counts the version itself, from the base. */
const toRow = ({ base, digest, reason }: Version): Omit<Version, 'version'> => ({
  base,
  digest,
  reason,
})

function describe({ rolledBackTo }: Content, version: Version & Readonly<{ changes: PolicyDiff }>) {
  const type =
    rolledBackTo === undefined ? 'policy.version_published' : 'policy.version_rolled_back'
  const policy = { ...version, ...(rolledBackTo !== undefined && { rolledBackTo }) }
  return { type, fields: { policy } } as const
}

function countByCode(report: readonly PolicyProblem[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const { code } of report) counts.set(code, (counts.get(code) ?? 0) + 1)
  return Object.fromEntries(counts)
}
