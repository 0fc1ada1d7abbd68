import { z } from 'zod'

import { CoreError } from '../ground/errors.ts'
import { metaKeys } from '../protocol/meta-keys.ts'
import type { Asking } from './answer-call.ts'
import { listNames, type ListName, type Listens } from './listens.ts'
import { answerTo, type McpReply } from './outcome.ts'

const Filter = z.looseObject({
  toolsListChanged: z.boolean().optional(),
  promptsListChanged: z.boolean().optional(),
  resourcesListChanged: z.boolean().optional(),
})

/**
 * `subscriptions/listen`: says what it will tell of, tells it until the end, and ends in a result (MCP-125). Every
 * message bears the id of the request, which is how a client knows its subscriptions apart.
 */
export async function answerListen(listens: Listens, asking: Asking): Promise<McpReply> {
  const { frame, outlet, signal, viewer } = asking
  const filter = Filter.safeParse(frame.params['notifications'])
  if (!filter.success)
    throw new CoreError('params_invalid', { problem: 'notifications is missing.' })
  const lists = listNames.filter((list) => filter.data[`${list}ListChanged`])
  const meta = { [metaKeys.subscriptionId]: frame.id }
  const send = (method: string, params: object): void =>
    outlet.notify(encodeNotice(method, { ...params, _meta: meta }))

  const honoured = Object.fromEntries(lists.map((list) => [`${list}ListChanged`, true]))
  await listens.listen({
    viewer,
    lists,
    admitted: () => send('notifications/subscriptions/acknowledged', { notifications: honoured }),
    changed: (list) => send(changedMethod(list), {}),
    closed: signal,
  })
  const own = { [metaKeys.serverInfo]: JSON.parse(asking.serverInfo) as unknown }
  const result = { resultType: 'complete', _meta: { ...own, ...meta } }
  return { status: 200, body: answerTo(asking, JSON.stringify(result)) }
}

export const changedMethod = (list: ListName): string => `notifications/${list}/list_changed`

export const encodeNotice = (method: string, params?: object): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) }))
