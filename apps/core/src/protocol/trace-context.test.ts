import { describe, expect, it } from 'vitest'

import type { Era } from '../model/frame.ts'
import { encodeRequest } from './encode-request.ts'
import { parseClientMessage } from './frame.ts'
import { nextTrace } from './trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const THEIRS = '00f067aa0ba902b7'
const OURS = 'aaaaaaaaaaaaaaaa'
const PARENT = `00-${TRACE}-${THEIRS}-01`
const hop = { newSpanId: () => OURS, relaysBaggage: false }

describe('a traceparent', () => {
  it.each([
    [PARENT, `00-${TRACE}-${OURS}-01`],
    [`00-${TRACE}-${THEIRS}-00`, `00-${TRACE}-${OURS}-00`],
    // Flags without a meaning are not passed on, and a later version is spoken as ours.
    [`00-${TRACE}-${THEIRS}-ff`, `00-${TRACE}-${OURS}-03`],
    [`cc-${TRACE}-${THEIRS}-01-what-comes`, `00-${TRACE}-${OURS}-01`],
  ])('goes on as the child of the one that came in: %s (MCP-133)', (traceparent, child) => {
    expect(nextTrace({ traceparent }, hop)).toEqual({ traceparent: child })
  })

  it.each([
    `00-${TRACE.toUpperCase()}-${THEIRS}-01`,
    `00-${'0'.repeat(32)}-${THEIRS}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-${THEIRS}-01`,
    `00-${TRACE}-${THEIRS}-01-more`,
    `cc-${TRACE}-${THEIRS}-01.more`,
    `00-${TRACE}-${THEIRS}`,
    ` ${PARENT}`,
    `${PARENT}\n`,
    '',
    7,
    null,
    { traceparent: PARENT },
  ])('ends here, and its state with it, when it is none: %j (MCP-133)', (traceparent) => {
    expect(nextTrace({ traceparent, tracestate: 'a=1' }, hop)).toEqual({})
  })
})

describe('a tracestate', () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, index) => `k${index}=v`).join(',')

  it.each(['rojo=00f067aa0ba902b7', 'a@b=1 2, 0c=x,,d/*_-=!', many(32), ''])(
    'stays what it is: %s (MCP-133)',
    (tracestate) => {
      const next = nextTrace({ traceparent: PARENT, tracestate }, hop)
      expect(next.tracestate).toBe(tracestate)
    },
  )

  it.each(['A=1', 'a', 'a=', 'a=1,a=2', 'a=b=c', 'a=\u00e9', 'a=1\n', many(33), 5, ['a=1']])(
    'is dropped alone when it is none: %j (MCP-133)',
    (tracestate) => {
      const next = nextTrace({ traceparent: PARENT, tracestate }, hop)
      expect(next).toEqual({ traceparent: `00-${TRACE}-${OURS}-01` })
    },
  )
})

describe('baggage', () => {
  const trusted = { ...hop, relaysBaggage: true }

  it('reaches only a server that is trusted with it (MCP-133)', () => {
    const baggage = 'userId=alice , serverNode=DF%2028;ttl=5;plain, empty='
    expect(nextTrace({ baggage }, hop)).toEqual({})
    expect(nextTrace({ baggage }, trusted)).toEqual({ baggage })
  })

  it.each(['', 'novalue', 'a b=c', 'k="quoted"', 'k=v;bad prop', `k=${'x'.repeat(8192)}`, 3])(
    'reaches nobody when it is none: %j (MCP-133)',
    (baggage) => {
      expect(nextTrace({ baggage }, trusted)).toEqual({})
    },
  )
})

it.each<Era>(['legacy', 'modern'])(
  'changes the parent and not one other byte on the way to a %s server (MCP-133, MCP-82)',
  (era) => {
    const sent = (parent: string, baggage: string): string =>
      `"x":1.0,"traceparent":"${parent}","tracestate":"a=1, b=2"${baggage},"y":"\\u0041"`
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{${sent(PARENT, ',"baggage":"k=v"')}}}}`
    const message = parseClientMessage(Buffer.from(body))
    if (message.kind !== 'request') throw new Error('not a request')
    const text = encodeRequest({ frame: message.frame, era, hopId: 1, trace: hop }).toString()
    expect(text).toContain(sent(`00-${TRACE}-${OURS}-01`, ''))
    expect(text).not.toContain('baggage')
    // A message of which nobody says where its trace goes takes none along.
    const without = encodeRequest({ frame: message.frame, era, hopId: 1 }).toString()
    expect(without).not.toMatch(/trace|baggage/)
  },
)
