import type { ReviewedKind } from '@peta/contract'

/** An MCP server behind Peta. `slug` is the alias in names and rules (MCP-100); it never changes. */
export type ServerRef = Readonly<{
  id: string
  slug: string
  labels: readonly string[]
  /** `own` only of the stand-in for a server that Peta's own tools have. */
  transport: 'stdio' | 'http' | 'own'
}>

/**
 * What an administrator installed. Immutable: a change is a new version with a new hash (RUN-1, RUN-2).
 */
export type ServerDefinition = ServerRef &
  Readonly<{
    workspaceId: string
    version: number
    /** SHA-256 of the canonical definition, hex. Bindings and approvals name it. */
    hash: string
    title: string
    enabled: boolean
    era: 'auto' | 'modern' | 'legacy'
    launch: StdioLaunch | HttpLaunch
    /** Parallel calls one instance takes; 1 for servers that answer one at a time. */
    inFlightMax: number
    idleStopMs: number
    /** Trusted with what callers attach to a trace, which is often about people (MCP-133). */
    relaysBaggage?: boolean
    /** What it hears of its clients' folders instead of theirs (MCP-71). */
    roots?: readonly Root[]
    /** Over stdio: its era is found out on a process of its own, since an unknown first message upsets it (MCP-52). */
    probeUnsafe?: boolean
  }>

/** A folder that a server may work in. */
export type Root = Readonly<{ uri: string; name?: string | undefined }>

/** A child process: an absolute command and one argv element each, never a shell (RUN-7). */
export type StdioLaunch = Readonly<{
  kind: 'stdio'
  command: string
  /** SHA-256 of the command's file, hex; compared again at each start (RUN-7). */
  commandDigest?: string
  args: readonly string[]
  /** Plain values only; secrets come by binding. */
  env: Readonly<Record<string, string>>
  cwd?: string
}>

export type HttpLaunch = Readonly<{
  kind: 'http'
  url: string
  /** Lets this server live at a loopback or plain-http address. An administrator's explicit act (SEC-40). */
  allowLoopback: boolean
}>

/** What lists hold and calls name. */
export type ItemKind = 'tool' | 'prompt' | 'resource' | 'resource_template' | 'skill'

export type { ReviewedKind } from '@peta/contract'

/** Labels that an administrator confirmed; a server's own annotations never count (POL-49). */
export type ItemLabels = readonly string[]

/**
 * One accepted or quarantined entry of a server's catalogue. `definition` is the server's JSON text, kept to the
 * byte so that lists can relay unknown members.
 */
export type CatalogueItem = Readonly<{
  serverId: string
  kind: ItemKind
  /** The server's own name, or the URI or URI template of a resource. */
  name: string
  /** The name or URI clients see (MCP-101, MCP-104). */
  exposed: string
  definition: string
  /** SHA-256 over the canonical pinned members, hex (POL-47). */
  pin: string
  state: 'quarantined' | 'accepted' | 'changed' | 'rejected' | 'gone'
  labels: ItemLabels
  /** 0 to 100. */
  risk: number
}>

/** The same, or something else that a server says and a person reviews: its instructions. */
export type ReviewedItem = Readonly<Omit<CatalogueItem, 'kind'> & { kind: ReviewedKind }>
