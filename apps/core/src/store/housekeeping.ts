import type { commands } from './operations.ts'

/** The commands `Store.housekeep` takes, each with the reason why it leaves no event. */
export const housekeeping = [
  // What a process holds and whether it lives; whoever acts under a lease records the act.
  'lease.acquire',
  'lease.renew',
  'lease.release',
  'instance.seen',
  // The requests themselves have their events.
  'request.purge',
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
  // What a server was found to speak; it is only asked again when this is lost.
  'server.noteEra',
  'server.forgetEras',
  // Heartbeats and marks of claims whose own events say what happened.
  'approval.extendLease',
  'approval.markDelivered',
  'approval.takeReplay',
  'approval.forgetResults',
  // How the client of a call hears of it; the call has its own events, from its decision to its end.
  'task.open',
  'task.end',
  'task.cancel',
  'task.renew',
  'task.release',
  'task.take',
  'task.forget',
] as const satisfies readonly (keyof typeof commands)[]
