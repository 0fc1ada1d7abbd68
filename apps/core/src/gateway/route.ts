import type { Action } from '../model/call.ts'
import type { ItemKind } from '../model/server.ts'

/** Methods that reach a server, and what policy decides about them (POL-20). */
const actions: ReadonlyMap<string, Action> = new Map([
  ['tools/call', 'tool.call'],
  ['resources/read', 'resource.read'],
  ['prompts/get', 'prompt.get'],
  ['completion/complete', 'completion.get'],
])

/** Methods that some revision gives a meaning; where Peta does not serve them, no rule sends them anywhere. */
const PROTOCOL =
  /^(?:initialize|ping|server\/discover|logging\/setLevel|roots\/list|sampling\/createMessage|elicitation\/create|(?:tools|prompts|resources|completion|subscriptions|tasks|skills|notifications)\/.*)$/

export const isOfProtocol = (method: string): boolean => PROTOCOL.test(method)

/** Undefined for a method that no server is asked. */
export const actionOf = (method: string): Action | undefined => actions.get(method)

/** Methods that list one kind of entry. */
const listed: ReadonlyMap<string, ItemKind> = new Map([
  ['tools/list', 'tool'],
  ['prompts/list', 'prompt'],
  ['resources/list', 'resource'],
  ['resources/templates/list', 'resource_template'],
  ['skills/list', 'skill'],
])

export const listedKind = (method: string): ItemKind | undefined => listed.get(method)
