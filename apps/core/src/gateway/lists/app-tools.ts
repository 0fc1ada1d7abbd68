import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { CatalogueItem } from '../../model/server.ts'
import { declaredIn, declaresApps, isFor } from '../../protocol/apps.ts'
import type { Asking } from '../asking.ts'
import type { View } from './views.ts'

const definitions = new WeakMap<CatalogueItem, unknown>()

/** Definitions are looked at for every list and search, and parsed once. */
function definitionOf(item: CatalogueItem): unknown {
  const known = definitions.get(item)
  if (known !== undefined) return known
  const definition: unknown = JSON.parse(item.definition)
  definitions.set(item, definition)
  return definition
}

/** Whether the client of a request shows apps, by the request itself or by its session. */
export const showsApps = ({ session, frame }: Pick<Asking, 'session' | 'frame'>): boolean =>
  session?.showsApps ?? declaresApps(declaredIn(frame.params['_meta']))

/** Whether a tool is for models too, and so for clients that show no apps (MCP-140). */
export const isForModels = ({ item }: CatalogueEntry): boolean =>
  item.kind !== 'tool' || isFor(definitionOf(item), 'model')

/**
 * The tool that an app means by its own name for it: an app knows no alias. Only where a profile lets apps do so, and one
 * server with an app can be meant (MCP-141).
 */
export function appTool(view: View, name: string): CatalogueEntry | undefined {
  if (!view.profile?.appCalls) return undefined
  const [found, ...others] = view.tools.filter(
    ({ server, item }) => item.name === name && view.appServers.has(server.id),
  )
  return found && others.length === 0 && isFor(definitionOf(found.item), 'app') ? found : undefined
}
