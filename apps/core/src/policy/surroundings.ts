import type { CatalogueItem, ServerRef } from '../model/server.ts'
import type { PolicyDocument } from './rule.ts'

export type CatalogueEntry = Readonly<{ server: ServerRef; item: CatalogueItem }>

/** Names that rules may be about. */
export type DirectoryNames = Readonly<{
  users: readonly string[]
  groups: readonly Readonly<{ name: string; members: number }>[]
  roles: readonly string[]
  agents: readonly string[]
  clients: readonly string[]
  agentLabels: readonly string[]
  /** How many active people may publish rules. */
  administrators: number
}>

/** What exists in a workspace when its rules are checked. */
export type Surroundings = Readonly<{
  catalogue: readonly CatalogueEntry[]
  directory: DirectoryNames
  /** The rules that the checked ones are written on. */
  previous: PolicyDocument
}>
