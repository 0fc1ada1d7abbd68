import { auditCommands, auditQueries } from './families/audit.ts'
import { eventQueries } from './families/events.ts'
import { catalogueCommands, catalogueQueries } from './families/catalogue.ts'
import { agentCommands } from './families/identity-agents.ts'
import { peopleCommands } from './families/identity-people.ts'
import { identityQueries } from './families/identity-queries.ts'
import { policyCommands, policyQueries } from './families/policy.ts'
import { serverCommands, serverQueries } from './families/servers.ts'
import { secretCommands } from './families/secret-commands.ts'
import { secretQueries } from './families/secret-queries.ts'
import { vaultKeyCommands, vaultKeyQueries } from './families/vault-keys.ts'
import type { Operations } from './operation.ts'

/** Every query, by name. Each family declares its own; this file only joins them. */
export const queries = {
  ...auditQueries,
  ...eventQueries,
  ...catalogueQueries,
  ...identityQueries,
  ...policyQueries,
  ...serverQueries,
  ...secretQueries,
  ...vaultKeyQueries,
} as const satisfies Operations

/** Every command, by name. */
export const commands = {
  ...auditCommands,
  ...catalogueCommands,
  ...agentCommands,
  ...peopleCommands,
  ...policyCommands,
  ...serverCommands,
  ...secretCommands,
  ...vaultKeyCommands,
} as const satisfies Operations

/** The commands `Store.housekeep` takes, each with the reason why it leaves no event. */
export const housekeeping = [
  // Follows the events that it marks as written.
  'audit.markRecovered',
  // Marks for lists of tokens and sessions; what was done with them has its own events.
  'identity.markTokensUsed',
  'identity.touchSession',
  // Keys are made before the log can be signed, and none of them tells anything happened.
  'vault.addRoot',
  'vault.addKek',
  'vault.addSystemKey',
  // A mark for people who look for unused secrets; every use is in the log already.
  'secret.markUsed',
] as const satisfies readonly (keyof typeof commands)[]
