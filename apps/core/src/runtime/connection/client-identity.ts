/** How Peta presents itself to servers. */
export const clientInfo = { name: 'peta', version: '0.1.0' } as const

export const MODERN_VERSION = '2026-07-28'
export const LEGACY_VERSION = '2025-11-25'

/** What a legacy server may answer to `initialize` and still be understood. */
export const LEGACY_VERSIONS: ReadonlySet<string> = new Set([
  LEGACY_VERSION,
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
])
