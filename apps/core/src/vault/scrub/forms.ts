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

type Encoding = readonly [form: FormName, bytes: Buffer]

function encodings(piece: Buffer): readonly Encoding[] {
  const wide = Buffer.from(piece.toString('utf8'), 'utf16le')
  return [
    ['raw', piece],
    ['utf16', wide],
    ...base64Forms('utf16-base64', wide),
    ...[piece, ...escapedNonAscii(piece)].flatMap((bytes) => [
      hexForm(bytes),
      ...base64Forms('base64', bytes),
    ]),
  ]
}

const hexForm = (bytes: Buffer): Encoding => ['hex', Buffer.from(bytes.toString('hex'))]

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

/**
 * Nested encodings are found by decoding what turns out as ASCII. Escaped text that stays outside ASCII would be
 * missed inside base64, so its usual forms are listed too.
 */
function escapedNonAscii(piece: Buffer): readonly Buffer[] {
  if (piece.every((byte) => byte < 0x80)) return []
  const text = piece.toString('utf8')
  return [JSON.stringify(text).slice(1, -1), escapeXml(text)]
    .filter((escaped) => escaped !== text)
    .map((escaped) => Buffer.from(escaped))
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => XML_ENTITIES[character] ?? character)
