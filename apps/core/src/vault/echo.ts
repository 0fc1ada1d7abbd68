import type { Log } from '../ground/log.ts'
import type { Store } from '../store/store.ts'
import type { Draft } from './change.ts'
import type { OnEcho } from './redact.ts'

type EchoParts = Readonly<{ store: Pick<Store, 'append'>; draft: Draft; log: Log }>

/** Records echoes beside the call, which has its own event; the value is gone from the answer already. */
export function createEchoRecord({ store, draft, log }: EchoParts): OnEcho {
  return function recordEcho({ clearance, credentials }, hits) {
    const { call, principal } = clearance
    const event = draft({
      type: 'secret.echoed',
      workspaceId: call.workspaceId,
      actorId: principal.agent.id,
      target: call.server.id,
      fields: {
        secrets: credentials.secrets,
        server: { id: call.server.id, slug: call.server.slug },
        call_id: call.id,
        name: call.name,
        hits,
      },
    })
    store
      .append([event])
      .catch((error: unknown) => log.error({ error, callId: call.id }, 'cannot record an echo'))
  }
}
