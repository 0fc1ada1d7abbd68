import { folded } from './fold.ts'
import { piecesOf } from './pieces.ts'

export type FormName = 'raw' | 'base64' | 'hex' | 'utf16' | 'utf16-base64'

/** One way in which one piece of a secret may be written, as the matcher compares it. */
export type Form = Readonly<{ secret: string; form: FormName; text: Uint8Array }>

/** What to look for: the name to show instead, and every value that was sent under it. */
export type Sought = Readonly<{ name: string; values: readonly Uint8Array[] }>

/** The forms that can be listed; escapes, which cannot, are undone in views (VLT-61). */
export function formsOf({ name, values }: Sought): readonly Form[] {
  return values.flatMap(piecesOf).flatMap((piece) =>
    encodings(piece)
      .map(([form, bytes]) => ({ secret: name, form, text: folded(bytes) }))
      .filter((form) => form.text.length > 0),
  )
}

export const isAscii = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80)

type Encoding = readonly [form: FormName, bytes: Buffer]

function encodings(piece: Buffer): readonly Encoding[] {
  const wide = Buffer.from(piece.toString('utf8'), 'utf16le')
  return [
    ['raw', piece],
    ...(isAscii(piece) ? [] : [['utf16', wide] as const]),
    ...base64Forms('utf16-base64', wide),
    ['hex', Buffer.from(piece.toString('hex'))],
    ...base64Forms('base64', piece),
  ]
}

/**
 * The characters that a value alone determines when it stands at byte 0, 1 or 2 of a group of three, in whatever
 * surroundings.
 */
function base64Forms(form: FormName, bytes: Buffer): readonly Encoding[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const from = Math.ceil((offset * 8) / 6)
    const to = Math.floor(((offset + bytes.byteLength) * 8) / 6)
    return [form, Buffer.from(text.slice(from, to))]
  })
}
