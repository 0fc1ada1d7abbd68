/** Revisions with per-request metadata, newest first. `server/discover` and -32022 list these only (MCP-28, MCP-29). */
export const modernVersions = ['2026-07-28'] as const

export const isModernVersion = (version: string): boolean =>
  modernVersions.some((served) => served === version)
