import { beforeEach, describe, expect, it } from 'vitest'

import type { CatalogueSnapshot } from '../../model/catalogue.ts'
import type { Principal } from '../../model/principal.ts'
import type { CatalogueItem, ServerRef } from '../../model/server.ts'
import { createListens, listNames, type ListName, type Listens } from './listens.ts'
import { snapshotOf, testItems, testPrincipal } from '../testing.ts'
import { createViews, type Viewer } from '../lists/views.ts'

let items: readonly CatalogueItem[]
let policy: number
let isHidden: (item: CatalogueItem) => boolean
let looks: (() => void)[]
let listens: Listens

beforeEach(() => {
  items = testItems
  policy = 1
  isHidden = () => false
  looks = []
  const sources = {
    catalogue: () => snapshotOf(items, items.length),
    narrow: (snapshot: CatalogueSnapshot) => snapshot,
    isListed: (_principal: Principal, _server: ServerRef, item: CatalogueItem) => !isHidden(item),
    policyVersion: () => policy,
  }
  const views = createViews(sources, { entries: () => [] })
  const every = (_periodMs: number, run: () => void): Disposable => {
    looks.push(run)
    return { [Symbol.dispose]: () => void looks.splice(looks.indexOf(run), 1) }
  }
  listens = createListens(views, { every })
})

const look = (): void => looks.forEach((run) => run())

function listen(more: Partial<Parameters<Listens['listen']>[0]> = {}) {
  const told: ListName[] = []
  const client = new AbortController()
  const ended = listens.listen({
    viewer: () => ({ principal: testPrincipal }),
    lists: listNames,
    admitted: () => undefined,
    changed: (list) => told.push(list),
    closed: client.signal,
    ...more,
  })
  return { told, ended, hangUp: () => client.abort() }
}

const without = (kind: CatalogueItem['kind']): readonly CatalogueItem[] =>
  items.filter((item) => item.kind !== kind)

describe('a client that listens', () => {
  it('is told of the lists that became others for it, once, and of no more (MCP-127)', () => {
    const { told } = listen()
    look()
    items = without('prompt')
    look()
    look()
    expect(told).toEqual(['prompts'])
  })

  it('is told when rules hide or show something, and not when they change nothing for it (MCP-127)', () => {
    const { told } = listen()
    policy = 2
    look()
    expect(told).toEqual([])
    policy = 3
    isHidden = (item) => item.kind === 'tool'
    look()
    expect(told).toEqual(['tools'])
  })

  it('is told only of what it asked for (MCP-125)', () => {
    const { told } = listen({ lists: ['tools'] })
    items = without('prompt')
    look()
    expect(told).toEqual([])
  })

  it('listens no longer than its credential lets it in (MCP-128)', async () => {
    let viewer: Viewer | undefined = { principal: testPrincipal }
    const { told, ended } = listen({ viewer: () => viewer })
    viewer = undefined
    items = without('tool')
    look()
    await ended
    expect(told).toEqual([])
  })

  it('is let go when it hangs up and when Peta stops, and leaves nothing behind', async () => {
    const first = listen()
    const second = listen()
    first.hangUp()
    await first.ended
    expect(looks).toHaveLength(1)
    listens.stop()
    await second.ended
    expect(looks).toHaveLength(0)
    await listen().ended
  })

  it('listens at most eight times (MCP-128)', async () => {
    for (let count = 0; count < 8; count += 1) listen()
    await expect(listen().ended).rejects.toMatchObject({ code: 'calls_limited' })
  })
})
