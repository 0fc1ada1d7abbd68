import type { Era } from './frame.ts'

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
  overrides: readonly ToolOverride[]
  /** Which generations of clients it serves. */
  eras: 'any' | Era
  /** Whether apps may call tools by their server's own names (MCP-141). */
  appCalls: boolean
  /** Whether clients of the transport before the present one are served (MCP-39). */
  sse: boolean
  /** What its clients tell their models. */
  instructions?: string
  /** Calls that one agent has open at once through it. */
  callsMax?: number
  /** Rises with each change, so whatever is derived from a profile may be kept by it. */
  revision: number
}>

/** What a profile shows of one tool differently, and what it fixes of every call of it. */
export type ToolOverride = Readonly<{
  /** `<server>/<tool>` by the server's own name. */
  tool: string
  title?: string
  /** Stands at the end of its description. */
  suffix?: string
  /** How long a result may be given again, if the tool only reads. */
  keepSeconds?: number
  /** Arguments that clients neither see nor send. */
  pinned: Readonly<Record<string, string | number | boolean | null>>
}>
