/** What a sealed text is for; one made for a purpose opens for no other. */
export type SealPurpose = 'mcp-cursor' | 'mcp-round' | 'mcp-session' | 'mcp-sse'

/**
 * Authenticated encryption to a URL-safe text, under keys that all replicas share. `open` gives undefined for
 * whatever this workspace's keys did not seal for that purpose.
 */
export type Sealing = Readonly<{
  seal: (purpose: SealPurpose, text: string) => string
  open: (purpose: SealPurpose, sealed: string) => string | undefined
}>
