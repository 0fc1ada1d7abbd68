import { CoreError } from '../ground/errors.ts'
import { limits } from '../ground/limits.ts'

const SHAPE = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)((?:\?[^#]*)?(?:#.*)?)$/su
const UNRESERVED = /[A-Za-z0-9._~-]/
const TRIPLET = /%([0-9A-Fa-f]{2})/g
/** Spaces, controls, and what parsers take for `/` or hide from people. */
// oxlint-disable-next-line no-control-regex -- control characters are what it refuses
const FORBIDDEN = /[\u0000-\u0020\u007f\\<>"^`{|}\u200b-\u200f\u2028-\u202e\u2060\ufeff]/u
/** What must not come out of decoding either. */
// oxlint-disable-next-line no-control-regex -- control characters are what it refuses
const HIDDEN = /[\u0000-\u001f\u007f\\]/

/**
 * The one spelling of a resource URI that rules match against: scheme and host in lower case, needless
 * percent-encoding undone, the rest encoded in upper case (POL-16). A URI that names its target by detours, plain or
 * behind one or two layers of encoding, is refused, because its reader might follow them.
 *
 * @throws CoreError `params_invalid`
 * @see RFC 3986 section 6.2.2
 */
export function normalizeUri(uri: string): string {
  if (Buffer.byteLength(uri) > limits.uriBytesMax) throw refusedUri('it is too long')
  if (FORBIDDEN.test(uri)) throw refusedUri('it holds a character that must be encoded')
  const [, scheme = '', host, path = '', tail = ''] = SHAPE.exec(uri) ?? []
  if (scheme === '') throw refusedUri('it has no scheme')
  if (/%(?![0-9A-Fa-f]{2})/.test(uri)) throw refusedUri('a percent sign encodes nothing')

  refuseDetours(`${host ?? ''}${path}`)
  const authority = host === undefined ? '' : `//${normalizeEncoding(host).toLowerCase()}`
  return `${scheme.toLowerCase()}:${authority}${normalizeEncoding(path)}${normalizeEncoding(tail)}`
}

/** Looks at the path as it is, decoded once, and decoded twice: each reader decodes as often as it likes. */
function refuseDetours(path: string): void {
  let text = path
  for (let layer = 0; layer <= 2; layer += 1) {
    if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(text)) throw refusedUri('it has dot segments')
    if (HIDDEN.test(text)) throw refusedUri('it hides a character behind encoding')
    text = decode(text)
  }
}

/** Decodes every triplet; a stray percent sign of an inner layer stands for itself. */
function decode(text: string): string {
  try {
    return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => decodeURIComponent(run))
  } catch (cause) {
    throw refusedUri('it encodes bytes that are no UTF-8', cause)
  }
}

const normalizeEncoding = (text: string): string =>
  text.replace(TRIPLET, (triplet, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return UNRESERVED.test(character) ? character : triplet.toUpperCase()
  })

const refusedUri = (problem: string, cause?: unknown): CoreError =>
  new CoreError('params_invalid', { problem: `The URI is refused: ${problem}.` }, { cause })
