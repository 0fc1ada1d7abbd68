import { z } from 'zod'

import { CoreError, isCoreError } from '../../ground/errors.ts'
import { encodeNotice, encodeUpdated } from '../../protocol/encode-notice.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import type { Asking } from '../asking.ts'
import { listNames, type ListName, type Listens } from './listens.ts'
import { answerTo, type McpReply } from '../outcome.ts'
import { isTold } from './subscription.ts'
import {
  type OpenSubscriber,
  type Subscriber,
  SUBSCRIPTIONS_MAX,
  tooMany,
} from './subscriptions.ts'
import { type ListenTaskDeps, tasksToHear } from '../tasks/listen-tasks.ts'

export type ListenDeps = ListenTaskDeps &
  Readonly<{ listens: Listens; openSubscriber: OpenSubscriber }>

export const LISTEN = 'subscriptions/listen'

const Filter = z.looseObject({
  toolsListChanged: z.boolean().optional(),
  promptsListChanged: z.boolean().optional(),
  resourcesListChanged: z.boolean().optional(),
  resourceSubscriptions: z.array(z.string()).default([]),
  taskIds: z.array(z.string()).default([]),
})

/**
 * `subscriptions/listen`: says what it will tell of, tells it until the end, and ends in a result (MCP-125). Every
 * message bears the id of the request, which is how a client knows its subscriptions apart.
 */
export async function answerListen(deps: ListenDeps, asking: Asking): Promise<McpReply> {
  const { listens, openSubscriber } = deps
  const { frame, outlet, signal, viewer, clientIp } = asking
  const filter = readFilter(frame.params['notifications'])
  const tasks = await tasksToHear(deps, asking, filter.taskIds)
  const lists = listNames.filter((list) => filter[`${list}ListChanged`])
  const meta = { [metaKeys.subscriptionId]: frame.id }
  const send = (method: string, params: object): void =>
    outlet.notify(encodeNotice(method, { ...params, _meta: meta }))

  let isAcknowledged = false
  const client = { viewer, method: LISTEN, clientEra: 'modern', clientIp } as const
  const subscriber = openSubscriber(client, ({ uri, frame: updated }) => {
    const subscriptionId = JSON.stringify(frame.id)
    if (isAcknowledged) outlet.notify(encodeUpdated(updated, { uri, subscriptionId }))
    return isAcknowledged
  })
  using heard = tasks.listen((members) => {
    if (isAcknowledged) outlet.notify(encodeTaskNotice(members, meta))
  })
  void heard
  try {
    await listens.listen({
      viewer,
      lists,
      async admitted() {
        const told = await addAll(subscriber, filter.resourceSubscriptions, signal)
        const honoured = {
          ...Object.fromEntries(lists.map((list) => [`${list}ListChanged`, true])),
          ...(told.length > 0 && { resourceSubscriptions: told }),
          ...(tasks.ids.length > 0 && { taskIds: tasks.ids }),
        }
        send('notifications/subscriptions/acknowledged', { notifications: honoured })
        isAcknowledged = true
        subscriber.flush()
      },
      changed: (list) => send(changedMethod(list), {}),
      closed: signal,
    })
  } finally {
    subscriber.end()
  }
  const own = { [metaKeys.serverInfo]: JSON.parse(asking.serverInfo) as unknown }
  const result = { resultType: 'complete', _meta: { ...own, ...meta } }
  return { status: 200, body: answerTo(asking, JSON.stringify(result)) }
}

/** All that `tasks/get` would have said at that moment. */
const encodeTaskNotice = (members: string, meta: object): Buffer =>
  Buffer.from(
    `{"jsonrpc":"2.0","method":"notifications/tasks","params":{${members},"_meta":${JSON.stringify(meta)}}}`,
  )

export const changedMethod = (list: ListName): string => `notifications/${list}/list_changed`

function readFilter(notifications: unknown): z.infer<typeof Filter> {
  const filter = Filter.safeParse(notifications)
  if (!filter.success)
    throw new CoreError('params_invalid', { problem: 'notifications is missing.' })
  if (filter.data.resourceSubscriptions.length > SUBSCRIPTIONS_MAX) throw tooMany()
  return filter.data
}

/** So many at a time: a client with a thousand of them leaves its server room for others. */
const AT_ONCE = 8

/** Those that may be told of. Why another may not is no matter of its client (MCP-107). */
async function addAll(
  subscriber: Subscriber,
  uris: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const told = new Set<string>()
  const left = [...new Set(uris)].values()
  async function addLeft(): Promise<void> {
    for (const uri of left) {
      if (signal.aborted) return
      if (await isAdded(subscriber, uri)) told.add(uri)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, addLeft))
  return uris.filter((uri) => told.delete(uri))
}

async function isAdded(subscriber: Subscriber, uri: string): Promise<boolean> {
  try {
    return isTold((await subscriber.add(uri)).outcome)
  } catch (error) {
    if (isCoreError(error)) return false
    throw error
  }
}
