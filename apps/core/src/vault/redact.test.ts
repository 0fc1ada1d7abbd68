import { expect, it } from 'vitest'

import type { ArmedCall, ScrubHit, Scrubber } from '../model/clearance.ts'
import { createRedact } from './redact.ts'
import { createScrubber } from './scrub/scrubber.ts'

const hits: ScrubHit[] = []
const redact = createRedact({ onEcho: (_armed, found) => hits.push(...found) })
const result = (text: string) => ({
  bytes: Buffer.from(text),
  serverEra: 'modern' as const,
  isError: false,
})

function armedWith(scrubber: Scrubber): ArmedCall {
  const call = {
    clearance: {},
    credentials: { version: 'v', credentials: [], secrets: [], scrubber },
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the vault makes real ones
  return call as unknown as ArmedCall
}

const sought = (value: string) => [{ name: 'token', values: [Buffer.from(value)] }]
const armed = armedWith(createScrubber(sought('1234567890123')))

it('scrubs results and frames before them, and tells of every hit (VLT-60, VLT-64)', () => {
  const frames: string[] = []
  const outlet = redact.outlet(armed, { notify: (frame) => frames.push(frame.toString()) })
  outlet.notify(Buffer.from('{"message":"1234567890123"}'))
  const { bytes } = redact.result(armed, result('{"text":"a 1234567890123 b"}'))
  expect(bytes.toString()).toBe('{"text":"a [secret:token] b"}')
  expect(frames).toEqual(['{"message":"[secret:token]"}'])
  expect(hits).toHaveLength(2)
})

it('passes on the very result when nothing was found, or nothing is sought', () => {
  const clean = result('{"text":"clean"}')
  const idle = armedWith(createScrubber([]))
  expect(redact.result(armed, clean)).toBe(clean)
  expect(redact.result(idle, clean)).toBe(clean)
  const outlet = { notify: () => undefined }
  expect(redact.outlet(idle, outlet)).toBe(outlet)
})

it('fails the call rather than pass on what it could not scrub into a valid frame (VLT-64)', () => {
  const failed = expect.objectContaining({ code: 'scrub_failed' })
  expect(() => redact.result(armed, result('{"number":1234567890123}'))).toThrow(failed)
  const broken: Scrubber = {
    isIdle: false,
    scrub: () => {
      throw new TypeError('defect')
    },
    stream: () => {
      throw new TypeError('defect')
    },
  }
  expect(() => redact.result(armedWith(broken), result('{}'))).toThrow(failed)
})
