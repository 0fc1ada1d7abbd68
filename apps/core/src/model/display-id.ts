const SHORT_LENGTH = 8

/**
 * A reference people can read to each other: `apr_…4f3c21ab` is `APR-4F3C21AB`. Short, so it points and does not
 * prove: look a thing up by its id.
 */
export function displayId(id: string): string {
  const [prefix = '', rest = ''] = id.split('_')
  return `${prefix}-${rest.slice(-SHORT_LENGTH)}`.toUpperCase()
}
