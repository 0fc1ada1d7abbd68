import { buildAutomaton } from './automaton.ts'
import { foldOf, isSkipped } from './fold.ts'
import { formsOf, isAscii, type Form, type FormName, type Sought } from './forms.ts'
import { buildLeaps, leap } from './leap.ts'

/** Where something was found, in bytes of the text that was searched. */
export type Found = Readonly<{ start: number; end: number; secret: string; form: FormName }>

/** Finds every listed form in a text, and every piece of 16 characters or more at an end of one. */
export type Matcher = Readonly<{
  find: (bytes: Buffer) => readonly Found[]
  /** Length of the longest form, in bytes. */
  longest: number
  /** Length of the shortest value, in bytes. */
  shortest: number
  /** Of all values. Then whatever is encoded twice is ASCII in between. */
  isAscii: boolean
}>

const ANCHOR_LENGTH = 16

/**
 * The automaton holds only the first and last 16 characters of each form, so that its size does not depend on how
 * long values are; the rest is compared where an anchor was found, as far as it agrees (VLT-62).
 */
export function createMatcher(sought: readonly Sought[]): Matcher | undefined {
  const forms = sought.flatMap(formsOf)
  if (forms.length === 0) return undefined
  const values = forms.filter(({ form }) => form === 'raw').map(({ text }) => text)
  const anchors = forms.flatMap(anchorsOf)
  const patterns = anchors.map((anchor) => anchor.text)
  const automaton = buildAutomaton(patterns)
  const leaps = buildLeaps(patterns)

  return {
    longest: Math.max(...forms.map((form) => form.text.length)),
    shortest: Math.min(...values.map((text) => text.length)),
    isAscii: values.every(isAscii),
    find(bytes) {
      const found: Found[] = []
      let coveredTo = 0
      let lastEnd = -1
      leap(automaton, leaps, bytes, (number, lastAt) => {
        const anchor = anchors[number]
        const isCovered = lastAt < coveredTo && lastAt !== lastEnd
        if (!anchor || isCovered) return
        const hit = extend(anchor, bytes, lastAt)
        found.push(hit)
        coveredTo = Math.max(coveredTo, hit.end)
        lastEnd = lastAt
      })
      return found
    },
  }
}

type Anchor = Readonly<{ form: Form; at: number; text: Uint8Array }>

function anchorsOf(form: Form): readonly Anchor[] {
  const length = Math.min(ANCHOR_LENGTH, form.text.length)
  const starts = new Set([0, form.text.length - length])
  return [...starts].map((at) => ({ form, at, text: form.text.subarray(at, at + length) }))
}

function extend({ form, at, text }: Anchor, bytes: Uint8Array, lastAt: number): Found {
  const last = commonEnd(form.text, at + text.length, bytes, lastAt + 1)
  const first = commonStart(form.text, at + text.length - 1, bytes, lastAt)
  return { start: first, end: last, secret: form.secret, form: form.form }
}

/** The end, in `bytes`, of the common run of `form` from `formAt` and `bytes` from `from`. */
function commonEnd(form: Uint8Array, formAt: number, bytes: Uint8Array, from: number): number {
  let end = from
  let expected = formAt
  for (let at = from; at < bytes.length && expected < form.length; at++) {
    if (isSkipped(bytes[at])) continue
    if (foldOf[bytes[at] ?? 0] !== form[expected]) break
    expected++
    end = at + 1
  }
  return end
}

/** The start, in `bytes`, of the common run that ends with `form[formAt]` at `bytes[lastAt]`. */
function commonStart(form: Uint8Array, formAt: number, bytes: Uint8Array, lastAt: number): number {
  let start = lastAt
  let expected = formAt
  for (let at = lastAt; at >= 0 && expected >= 0; at--) {
    if (isSkipped(bytes[at])) continue
    if (foldOf[bytes[at] ?? 0] !== form[expected]) break
    expected--
    start = at
  }
  return start
}
