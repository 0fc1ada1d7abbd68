import { PetaError } from '@peta/sdk'

import type { TestClient, ToolAnswer } from '../support/clients.ts'
import type { Owner } from '../support/owner.ts'

/** What Core said yes to, and what it was asked for and never answered. */
export type Journal = Readonly<{
  /** Keys of writes whose result arrived. */
  written: Set<string>
  /** Keys of writes that got no answer, with the client to ask again with. */
  unanswered: Map<string, TestClient>
  /** Ids of approvals whose yes was acknowledged. */
  approved: Set<string>
  secrets: Set<string>
  policyVersions: Set<number>
  agents: Set<string>
  reads: { count: number }
}>

export const emptyJournal = (): Journal => ({
  written: new Set(),
  unanswered: new Map(),
  approved: new Set(),
  secrets: new Set(),
  policyVersions: new Set(),
  agents: new Set(),
  reads: { count: 0 },
})

export type LoadParts = Readonly<{
  owner: Owner
  journal: Journal
  /** Each writes as another agent. */
  writers: readonly TestClient[]
  readers: readonly TestClient[]
  newKey: () => string
  rules: (nonce: string) => string
}>

export type Load = Readonly<{
  /** Resolves when something was acknowledged. */
  underWay: Promise<void>
  /** Nothing more is asked; resolves when all that was asked has ended one way or the other. */
  end: () => Promise<void>
}>

/** An agent may ask for few approvals, so a writer does not go on for ever. */
const WRITES_MAX = 6

/** Reads, writes that people approve, secrets, rules and agents, all at once, until it is ended. */
export function startLoad(parts: LoadParts): Load {
  const { promise: underWay, resolve, reject } = Promise.withResolvers<void>()
  let isOver = false
  const going = (): boolean => !isOver
  const workers = [
    ...parts.writers.map((writer) => write(parts, writer, going, resolve)),
    ...parts.readers.map((reader) => read(parts, reader, going)),
    approve(parts, going),
    administer(parts, going),
  ]
  for (const worker of workers) worker.catch(reject)
  return {
    underWay,
    async end() {
      isOver = true
      await Promise.all(workers)
    },
  }
}

type Going = () => boolean

async function write(
  { journal, newKey }: LoadParts,
  writer: TestClient,
  going: Going,
  acknowledged: () => void,
): Promise<void> {
  for (let writes = 0; going() && writes < WRITES_MAX; writes += 1) {
    const key = newKey()
    const answer = await writeOnce(writer, key)
    if (isWritten(answer, key)) {
      journal.written.add(key)
      acknowledged()
    } else if (going()) throw new Error(`a write was refused: ${JSON.stringify(answer)}`)
    else journal.unanswered.set(key, writer)
  }
}

export const writeOnce = (writer: TestClient, key: string): Promise<ToolAnswer | undefined> =>
  writer.call('count__write_note', { key }).catch(() => undefined)

export const isWritten = (answer: ToolAnswer | undefined, key: string): boolean =>
  answer?.isError === false && answer.text === key

async function read({ journal }: LoadParts, reader: TestClient, going: Going): Promise<void> {
  while (going()) {
    const answer = await reader.call('count__read_note', { key: 'r' }).catch(() => undefined)
    if (isWritten(answer, 'r')) journal.reads.count += 1
  }
}

/** Says yes to whatever waits. */
export async function approve(
  { owner, journal }: Pick<LoadParts, 'owner' | 'journal'>,
  going: Going,
): Promise<void> {
  const { peta, workspace } = owner
  const inState = { params: { workspace }, query: { state: 'PENDING' } } as const
  while (going()) {
    const waiting = await orNothing(peta.call('approvals.list', inState))
    for (const { id } of waiting?.items ?? []) {
      if (await orNothing(voteYes(owner, id))) journal.approved.add(id)
    }
  }
}

async function voteYes({ peta, workspace }: Owner, approval: string): Promise<true> {
  const params = { workspace, approval }
  const { bind } = await peta.call('approvals.read', { params })
  await peta.call('approvals.vote', { params, body: { vote: 'yes', bind } })
  return true
}

async function administer(
  { owner, journal, newKey, rules }: LoadParts,
  going: Going,
): Promise<void> {
  const { peta, workspace } = owner
  const params = { workspace }
  while (going()) {
    const name = newKey()
    const secret = await orNothing(
      peta.call('secrets.create', { params, body: { name, value: `value of ${name}` } }),
    )
    if (secret) journal.secrets.add(name)
    const agent = await orNothing(peta.call('agents.create', { params, body: { name } }))
    if (agent) journal.agents.add(agent.id)
    const active = await orNothing(peta.call('policy.active', { params }))
    const body = { base: active?.version ?? 0, source: rules(name), reason: name }
    const published = active && (await orNothing(peta.call('policy.publish', { params, body })))
    if (published) journal.policyVersions.add(published.version)
  }
}

/** Core may be killed at any moment, and things may change under a vote; what it did not acknowledge counts as nothing. */
async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof PetaError || error instanceof TypeError) return undefined
    throw error
  }
}
