import { isCoreError } from '../ground/errors.ts'

const SCOPE = 'mcp:tools'

/**
 * The `WWW-Authenticate` of a refusal, or undefined where a credential would not help. Without credentials there is
 * no `error`, and a bad one is never told why.
 *
 * @see RFC 6750 section 3, RFC 9728 section 5.1
 */
export function challenge(
  error: unknown,
  hasCredential: boolean,
  metadataUrl: string,
): string | undefined {
  const where = `resource_metadata="${metadataUrl}", scope="${SCOPE}"`
  if (isCoreError(error, 'unauthenticated')) {
    return hasCredential ? `Bearer error="invalid_token", ${where}` : `Bearer ${where}`
  }
  if (isCoreError(error, 'credential_in_url')) return `Bearer error="invalid_request", ${where}`
  if (isCoreError(error, 'forbidden')) return `Bearer error="insufficient_scope", ${where}`
  return undefined
}
