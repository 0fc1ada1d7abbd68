import { createPeta, everyPage } from '@peta/sdk'

import { CliError } from '../cli-error.ts'
import { chosenUrl, defaultUrl, demoFiles } from '../paths.ts'
import { readHostKey, saveSession } from '../session.ts'
import { demoGuide } from './guide.ts'
import type { NotesApi } from './notes-api.ts'
import { demoRules } from './rules.ts'
import { seedServers, type Seeding } from './servers.ts'

const AGENT = 'demo-agent'
const OWNER = { email: 'owner@example.com', name: 'Demo owner', workspace: 'Demo' }
const INITIAL_VERSION = 1

/**
 * Makes the demonstration workspace through the public API alone, or goes on with it. `url` is where agents go.
 * Returns what to say.
 *
 * @throws CliError when the workspace here is not the demonstration's
 */
export async function seedDemo(url: string, notes: NotesApi): Promise<string> {
  const isBehindProxy = Boolean(process.env['PETA_PUBLIC_URL'])
  const { isKnown, ...seeding } = await signIn(isBehindProxy ? (chosenUrl() ?? defaultUrl()) : url)
  await seedServers(seeding, notes)
  const said = await publishRules(seeding)
  const { token, expiresAt } = await issueToken(seeding)
  const folder = demoFiles()
  return demoGuide({ url, token, expiresAt, agent: AGENT, folder, isKnown, notes: said })
}

/** `isKnown` when an earlier start has made the workspace. */
async function signIn(url: string): Promise<Seeding & Readonly<{ isKnown: boolean }>> {
  const host = createPeta({ url, hostKey: await readHostKey() })
  const { kind, link } = await host.call('links.create', { body: {} })
  const session =
    kind === 'setup'
      ? await host.call('setup.complete', { body: { link, ...OWNER } })
      : await host.call('sessions.create', { body: { link } })
  const peta = createPeta({ url, token: session.token })
  const { email } = await peta.call('me.read', {})
  if (email !== OWNER.email) {
    await peta.call('sessions.end', {})
    throw new CliError(
      'The workspace here is your own, and the demo would change it. Give the demo a data directory of its own: PETA_DATA_DIR=~/peta-demo npm start -- --demo',
    )
  }
  await saveSession({ url, ...session })
  return { peta, workspace: session.workspaceId, isKnown: kind !== 'setup' }
}

/** Rules that somebody wrote here since are left alone, and that is said. */
async function publishRules({ peta, workspace }: Seeding): Promise<readonly string[]> {
  const params = { workspace }
  const active = await peta.call('policy.active', { params })
  if (active.source === demoRules) return []
  if (active.version > INITIAL_VERSION) {
    return [`Your own rules are active (version ${active.version}); the demo's are not published.`]
  }
  const body = { source: demoRules, base: active.version, reason: 'Demo rules' }
  await peta.call('policy.publish', { params, body })
  return []
}

async function issueToken({ peta, workspace }: Seeding) {
  const params = { workspace }
  const agents = await everyPage((query) => peta.call('agents.list', { params, query }))
  const agent =
    agents.find((candidate) => candidate.name === AGENT) ??
    (await peta.call('agents.create', { params, body: { name: AGENT } }))
  return peta.call('tokens.issue', { params: { workspace, agent: agent.id }, body: {} })
}
