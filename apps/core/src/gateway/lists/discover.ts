import { appsCapability } from '../../protocol/apps.ts'
import { metaKeys } from '../../protocol/meta-keys.ts'
import { modernVersions } from '../../protocol/rev-2026-07-28/version.ts'
import type { LegacyVersion } from '../../protocol/rev-2025-11-25/version.ts'
import { skillsCapability } from '../../protocol/skills.ts'
import {
  TASKS_VERSION,
  tasksCapability as legacyTasks,
} from '../../protocol/rev-2025-11-25/tasks.ts'
import { tasksCapability } from '../../protocol/rev-2026-07-28/tasks.ts'
import type { View } from './views.ts'

/** Clients are told when the list of a kind is another one for them (MCP-127). */
const CHANGES = { listChanged: true }
/** Of single resources only where a server tells of them. */
const SUBSCRIBE = { subscribe: true }

/** What this principal can use, by its own view: a kind of which nothing is visible is not offered (MCP-28). */
function capabilitiesOf(view: View): Readonly<Record<string, object>> {
  const has = (kind: Parameters<View['entries']>[0]): boolean => view.entries(kind).length > 0
  const hasResources = has('resource') || has('resource_template') || has('skill')
  return {
    tools: CHANGES,
    ...(has('prompt') && { prompts: CHANGES }),
    ...(hasResources && { resources: { ...CHANGES, ...(view.isSubscribable && SUBSCRIBE) } }),
    ...((has('prompt') || has('resource_template')) && { completions: {} }),
  }
}

/** Only what Peta carries from end to end. */
const extensionsOf = (view: View) => ({
  ...(view.appServers.size > 0 && appsCapability),
  ...(view.entries('skill').length > 0 && skillsCapability),
})

const saidOf = ({ instructions }: View) => (instructions === undefined ? {} : { instructions })

/** The result of `server/discover`. */
export const discoverResult = (view: View, serverInfo: string): string =>
  JSON.stringify({
    resultType: 'complete',
    supportedVersions: modernVersions,
    capabilities: {
      ...capabilitiesOf(view),
      extensions: { ...tasksCapability.extensions, ...extensionsOf(view) },
    },
    ...saidOf(view),
    // What is offered is what the lists hold, so it lasts as long as the shortest of them.
    ttlMs: view.ttlMs(),
    cacheScope: 'private',
    _meta: { [metaKeys.serverInfo]: JSON.parse(serverInfo) },
  })

/** The result of `initialize`. */
export const initializeResult = (view: View, version: LegacyVersion, serverInfo: string): string =>
  JSON.stringify({
    protocolVersion: version,
    capabilities: {
      ...capabilitiesOf(view),
      logging: {},
      ...(version === TASKS_VERSION && legacyTasks),
      ...(Object.keys(extensionsOf(view)).length > 0 && { extensions: extensionsOf(view) }),
    },
    serverInfo: JSON.parse(serverInfo),
    ...saidOf(view),
  })
