/** Every event the audit log can hold, with the sentence that documents it (AUD-10). A closed list. */
export const auditEvents = {
  'log.opened': 'A log begins; names the log before it, its size and root.',
  'log.closed': 'A log ends in order.',
  'system.started': 'Core started.',
  'system.stopped': 'Core stopped in order.',
  'system.clock_jump': 'The wall clock went back by more than two seconds.',

  'call.decided': 'A policy answered a call. Durable before anything leaves.',
  'call.sent': 'A call is about to leave for its server.',
  'call.completed': 'A call ended, with its outcome.',
  'call.outcome_unknown': 'A call left and nobody knows how it ended.',

  'approval.requested': 'A call waits for a person.',
  'approval.revised': 'What has to be approved changed; votes were cleared or bound anew.',
  'approval.flood': 'An agent asked for more approvals than it may.',
  'approval.vote_recorded': 'A person voted; more votes are needed.',
  'approval.approved': 'The votes allow the call to run once.',
  'approval.denied': 'A person denied the call.',
  'approval.expired': 'Nobody decided, or nobody ran it, in time.',
  'approval.cancelled': 'The requester withdrew.',
  'approval.revoked': 'An approver took the approval back.',
  'approval.void': 'Something that the approval was bound to changed.',
  'approval.executing': 'One worker claimed the approved call.',
  'approval.completed': 'The approved call ran.',
  'approval.failed': 'The approved call ran and the server reported an error.',
  'approval.released': 'A claim ended with proof that nothing was sent.',
  'approval.outcome_unknown': 'The approved call may have run.',
  'approval.resolved': 'A person stated what became of an unknown outcome.',
  'approval.answered_late': 'An answer came after its claim had ended; kept as evidence.',

  'policy.version_published': 'A new version of the rules is active.',
  'policy.version_rolled_back': 'The content of an old version is active again, as a new one.',
  'policy.publish_refused': 'A publish failed its checks.',

  'secret.created': 'A secret was created.',
  'secret.staged': 'A new version of a secret was put.',
  'secret.promoted': 'A version became the current one.',
  'secret.bound': 'A secret may be used at a destination.',
  'secret.unbound': 'A destination was taken away from a secret.',
  'secret.used': 'A secret was opened to connect to a server.',
  'secret.refused': 'A secret was asked for at a place it is not bound to.',
  'secret.suspended': 'A secret was asked for too often where it is not bound, and is out of use.',
  'secret.echoed': 'A server sent an injected value back; it was scrubbed.',
  'secret.destroyed': 'A version of a secret, or all of it, was destroyed.',
  'vault.sealed': 'The vault was sealed.',
  'vault.unsealed': 'The vault was unsealed.',

  'setup.completed': 'The set-up link made the owner.',
  'login.succeeded': 'A person signed in.',
  'login.failed': 'A sign-in failed.',
  'login.link_created': 'Someone with access to the host made a one-time link.',
  'session.ended': 'A person signed out, or a session was ended.',
  'agent.created': 'An agent was created.',
  'agent.changed': 'An agent was changed, suspended or reinstated.',
  'token.issued': 'A token was issued, and shown once.',
  'token.rotated': 'A token was replaced by a new one.',
  'token.revoked': 'A token was revoked.',
  'group.changed': 'Members of a group were changed.',
  'user.created': 'A person joined the workspace.',

  'profile.created': 'An administrator created a profile; names what it holds.',
  'profile.changed': 'A profile was changed; names what it holds now.',
  'profile.removed': 'A profile was removed.',

  'server.installed': 'An administrator installed a server; names the exact definition.',
  'server.changed': 'A server was changed, enabled or disabled.',
  'server.removed': 'A server was removed.',
  'server.started': 'An instance of a server started.',
  'server.start_failed': 'An instance could not be started, or Peta did not start it.',
  'server.crashed': 'An instance ended unasked.',
  'server.quarantined': 'A server failed too often and stays stopped.',
  'tool.quarantined': 'A new entry of a catalogue waits for review.',
  'tool.accepted': 'An administrator accepted entries of a catalogue, with labels.',
  'tool.rejected': 'An administrator rejected entries of a catalogue.',
  'tool.definition_changed':
    'An accepted entry changed at the server; it is out of use until reviewed.',
  'tool.gone': 'An accepted entry is not offered any more.',

  'audit.exported': 'Someone exported a range of the log.',
  'audit.read': 'Someone searched the log.',
  'audit.verify_failed': 'What is stored of an earlier log does not give its last signed root.',
} as const satisfies Record<string, string>

export type AuditEventType = keyof typeof auditEvents

export const isAuditEventType = (name: string): name is AuditEventType =>
  Object.hasOwn(auditEvents, name)
