const UNRESERVED = /^[A-Za-z0-9._~-]$/

/**
 * Whether a pattern is spelled as normalised URIs are, with which it is compared (POL-16). It may still match none;
 * but one for which this is false matches none for certain.
 */
export function isUriPattern(pattern: string): boolean {
  const head = /^([^:/?#]*):(?:\/\/([^/?#]*))?/.exec(pattern) ?? []
  const [, scheme = '', host = ''] = head
  if (/[A-Z]/.test(scheme) || /[A-Z]/.test(host.replaceAll(TRIPLET, ''))) return false
  const [path = ''] = pattern.split(/[?#]/, 1)
  return !DOT_SEGMENT.test(path) && [...pattern.matchAll(TRIPLET)].every(isNeeded)
}

const TRIPLET = /%([0-9A-Fa-f]{2})/g
const DOT_SEGMENT = /(?:^|\/)\.{1,2}(?:\/|$)/

/** Upper case, and of a character that does not stand for itself. */
function isNeeded([triplet, hex = '']: RegExpExecArray): boolean {
  const character = String.fromCharCode(Number.parseInt(hex, 16))
  return triplet === triplet.toUpperCase() && !UNRESERVED.test(character)
}
