import { isUtf8 } from 'node:buffer'

import { CoreError } from '../../ground/errors.ts'

const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/
// oxlint-disable-next-line no-control-regex -- control characters are what it refuses
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * What a mirrored header says: plain ASCII, or `=?base64?…?=` for anything else, line ends included (MCP-22).
 *
 * @throws CoreError `header_mismatch`
 */
export function decodeHeaderValue(header: string, value: string): string {
  if (CONTROL.test(value)) throw new CoreError('header_mismatch', { header })
  const [, encoded] = ENCODED.exec(value) ?? []
  return encoded === undefined ? value : decodeBase64(header, encoded)
}

function decodeBase64(header: string, encoded: string): string {
  const bytes = Buffer.from(encoded, 'base64')
  const isCanonical = bytes.toString('base64') === encoded
  if (!isCanonical || !isUtf8(bytes)) throw new CoreError('header_mismatch', { header })
  return bytes.toString('utf8')
}
