import { metaKeys } from './meta-keys.ts'

/** Pages that a client shows beside a tool, as an extension (MCP-140). */
const APPS_EXTENSION = 'io.modelcontextprotocol/ui'

export const appsCapability = { [APPS_EXTENSION]: {} }

/** What a client declares that shows them. */
export const showsAppsCapability = {
  [APPS_EXTENSION]: { mimeTypes: ['text/html;profile=mcp-app'] },
}

/** Whether a client says that it shows them. */
export const declaresApps = (capabilities: unknown): boolean =>
  isObject(member(member(capabilities, 'extensions'), APPS_EXTENSION))

/** The capabilities that a modern request carries. */
export const declaredIn = (meta: unknown): unknown => member(meta, metaKeys.clientCapabilities)

export const isAppUri = (uri: string): boolean => uri.startsWith('ui://')

/** The URI of the page that a tool's definition names, or undefined; the second place is the older one. */
export function appUriOf(tool: unknown): string | undefined {
  const meta = member(tool, '_meta')
  const uri = member(member(meta, 'ui'), 'resourceUri') ?? member(meta, 'ui/resourceUri')
  return typeof uri === 'string' && isAppUri(uri) ? uri : undefined
}

/** Whom a tool is for, by its definition: models and apps unless it says otherwise. */
export function isFor(tool: unknown, whom: 'model' | 'app'): boolean {
  const visibility = member(member(member(tool, '_meta'), 'ui'), 'visibility')
  return !Array.isArray(visibility) || visibility.length === 0 || visibility.includes(whom)
}

function member(object: unknown, name: string): unknown {
  return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
