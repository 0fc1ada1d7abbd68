import type { Store } from '../store/store.ts'
import type { Append } from './backlog.ts'
import type { Draft } from './event.ts'

export type RecoverDependencies = Readonly<{
  query: Store['query']
  housekeep: Store['housekeep']
  append: Append
  draft: Draft
  instanceId: string
}>

const PAGE = 500

/**
 * Closes every intent that earlier runs of this instance left without an outcome (AUD-24). Call it after the first
 * event of this run, which is what ends the log before. Gives how many calls nobody knows the end of.
 */
export async function recover({
  query,
  housekeep,
  append,
  draft,
  instanceId,
}: RecoverDependencies): Promise<number> {
  let count = 0
  for (;;) {
    const intents = await query('audit.openIntents', { instanceId, limit: PAGE })
    if (intents.length === 0) break
    await append(
      intents.map(({ event_id, workspace_id, actor_id, target }) =>
        draft({
          type: 'call.outcome_unknown',
          workspaceId: workspace_id,
          outcome: 'unknown',
          causeId: event_id,
          ...(actor_id !== null && { actorId: actor_id }),
          ...(target !== null && { target }),
          fields: { reason: 'process_ended' },
        }),
      ),
    )
    count += intents.length
  }
  await housekeep('audit.markRecovered', { instanceId })
  return count
}
