/**
 * A chosen part of what a workspace offers, with an MCP endpoint of its own. It narrows and never grants: policy
 * decides on the real server and tool, as it does without one (MCP-110).
 */
export type Profile = Readonly<{
  workspaceId: string
  /** Part of the address, and never given to another profile, removed ones included. */
  name: string
  title: string
  servers: readonly string[] | 'all'
  /** `<server>/<tool>`, where `*` stands for any text. Resources and prompts follow their servers. */
  tools: readonly string[] | 'all'
  /** Slug of the server whose names and URIs are shown as they are (MCP-111). */
  unprefixed?: string
  /** Whether lists show its tools, or tools to find and call them with (MCP-145). */
  disclosure: 'list' | 'search'
  /** Patterns like those of `tools`: what is listed beside the tools to search with. */
  favourites: readonly string[]
  /** Rises with each change, so whatever is derived from a profile may be kept by it. */
  revision: number
}>
