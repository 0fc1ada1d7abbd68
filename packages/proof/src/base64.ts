/** Standard base64 in its one spelling; anything else is nothing, so that no altered character goes unseen. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
