/* oxlint-disable max-lines -- one table: split, it could hold a code twice */
/**
 * Every expected failure: its HTTP status on the API, a title, and what to change. Error codes, SDK types and the
 * pages under `docs/reference/problems` come from this table. `{name}` in a remedy is filled from the error's facts.
 */
export const problems = {
  // Requests
  invalid_request: { status: 400, title: 'The request is not valid', remedy: '{problem}' },
  not_json: {
    status: 400,
    title: 'The body is not JSON',
    remedy: 'Send one JSON object with Content-Type application/json: {problem}',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    remedy: 'Send at most {bytesMax} bytes.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    remedy: 'Send Content-Type: application/json.',
  },
  not_found: {
    status: 404,
    title: 'There is no such thing here',
    remedy: 'Check the address and the id; things of other workspaces answer the same.',
  },
  method_not_allowed: {
    status: 405,
    title: 'That method is not offered here',
    remedy: 'Use {allowed}.',
  },
  conflict: {
    status: 409,
    title: 'It changed in the meantime',
    remedy: 'Read it again and repeat your change on what is there now.',
  },
  already_exists: {
    status: 409,
    title: 'That name is taken',
    remedy: 'Choose another {what}; "{name}" exists already.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'That request id was used for another request',
    remedy: 'Use a new Idempotency-Key for a new request.',
  },
  rate_limited: { status: 429, title: 'Too many requests', remedy: 'Wait {retryAfterS} seconds.' },
  internal: {
    status: 500,
    title: 'Something in Peta failed',
    remedy: 'Look for this request id in the process log.',
  },
  not_supported_yet: { status: 501, title: 'This release does not do that', remedy: '{problem}' },

  // Identity
  unauthenticated: {
    status: 401,
    title: 'No valid credential',
    remedy: 'Send a current token as Authorization: Bearer.',
  },
  forbidden: {
    status: 403,
    title: 'Your role does not allow this',
    remedy: 'Ask someone with the permission {permission}.',
  },
  human_session_required: {
    status: 403,
    title: 'Only a person may do this',
    remedy: 'Sign in as a person; agent tokens never vote, publish or administer.',
  },
  credential_in_url: {
    status: 400,
    title: 'A credential was sent in the URL',
    remedy: 'Send it as Authorization: Bearer. If it was genuine it has been revoked.',
  },
  host_refused: {
    status: 421,
    title: 'This host name is not served here',
    remedy: 'Use the address that Peta was started with, or add the name to PETA_PUBLIC_URL.',
  },
  origin_refused: {
    status: 403,
    title: 'This origin is not allowed',
    remedy: 'Call from the same origin, or without an Origin header and with a bearer token.',
  },
  setup_required: {
    status: 503,
    title: 'Peta has no owner yet',
    remedy: 'Open the set-up link that the terminal shows, or run: peta setup-link',
  },
  setup_done: { status: 409, title: 'Peta already has an owner', remedy: 'Sign in instead.' },
  link_invalid: {
    status: 403,
    title: 'This link is not valid any more',
    remedy: 'Links work once and for 30 minutes. Make a new one with: peta setup-link',
  },

  // Policy
  policy_denied: {
    status: 403,
    title: 'A policy denies this call',
    remedy: 'Ask an administrator for a rule that allows it.',
  },
  policy_invalid: {
    status: 422,
    title: 'The rules were not published',
    remedy: 'Correct the rules named in the list of problems.',
  },
  base_moved: {
    status: 409,
    title: 'Someone published in the meantime',
    remedy: 'Read version {active}, bring your change there, and publish on that base.',
  },
  policy_stale: {
    status: 503,
    title: 'The active rules are not known for certain',
    remedy: 'Wait until this replica reaches the database again.',
  },

  // Approvals
  revision_changed: {
    status: 409,
    title: 'The approval changed',
    remedy: 'Read it again: what you saw is not what would run.',
  },
  wrong_state: {
    status: 409,
    title: 'The approval is not in a state for that',
    remedy: 'It is {state}.',
  },
  not_eligible: {
    status: 403,
    title: 'You are not an approver of this call',
    remedy: 'Someone in {approvers} has to decide.',
  },
  self_approval: {
    status: 403,
    title: 'You may not approve your own request',
    remedy: 'Someone else among the approvers has to decide.',
  },
  approval_expired: {
    status: 410,
    title: 'The time to decide is over',
    remedy: 'The agent has to ask again.',
  },
  reason_required: {
    status: 422,
    title: 'A denial needs a reason',
    remedy: 'Give a reason of 3 to 500 characters.',
  },
  step_up_required: {
    status: 428,
    title: 'This decision needs a fresh proof that it is you',
    remedy: 'Sign in again and repeat the decision.',
  },
  approval_limited: {
    status: 429,
    title: 'Too many open approvals',
    remedy: 'Let people decide the open ones first.',
  },
  no_eligible_approver: {
    status: 403,
    title: 'Nobody could approve this call',
    remedy: 'Give someone the approver role, or name a group in the rule.',
  },

  // Vault
  vault_sealed: {
    status: 503,
    title: 'The vault is sealed',
    remedy: 'Unseal it; until then nothing runs.',
  },
  sealer_unavailable: {
    status: 503,
    title: 'The key that opens the vault cannot be reached',
    remedy: '{problem}',
  },
  sealer_unsafe: { status: 500, title: 'The key file is not safe', remedy: '{problem}' },
  secret_not_found: {
    status: 404,
    title: 'There is no such secret',
    remedy: 'List the secrets with: peta secret list',
  },
  secret_expired: {
    status: 409,
    title: 'The secret has expired',
    remedy: 'Put a new value: peta secret put {secret}',
  },
  secret_suspended: {
    status: 409,
    title: 'The secret is suspended',
    remedy: 'An administrator has to look at why and release it.',
  },
  secret_too_short: {
    status: 422,
    title: 'The value is too short to be scrubbed safely',
    remedy: 'Use at least 8 bytes, or allow it with allow_short.',
  },
  secret_binding_mismatch: {
    status: 403,
    title: 'The secret is not bound to this destination',
    remedy: 'Bind it to the server, and type its value again.',
  },
  binding_not_enforceable: {
    status: 422,
    title: 'That binding cannot be enforced',
    remedy: '{problem}',
  },
  vault_format_unknown: {
    status: 500,
    title: 'A stored value has an unknown format',
    remedy: 'Run the version of Peta that wrote it, or restore a backup.',
  },
  vault_integrity_failed: {
    status: 500,
    title: 'A stored value was altered',
    remedy: 'Stop using that secret, look at the audit log, put a new value.',
  },
  scrub_failed: {
    status: 502,
    title: 'The answer could not be cleared of secrets',
    remedy: 'Repeat the call if it only reads; it may have run.',
  },

  // Runtime
  server_unavailable: {
    status: 503,
    title: 'The server does not answer',
    remedy: 'Look at its log: peta server show {server}',
  },
  server_misbehaves: {
    status: 502,
    title: 'The server answered something that is not MCP',
    remedy: 'Look at its log: peta server show {server}',
  },
  server_busy: {
    status: 503,
    title: 'The server is busy',
    remedy: 'Repeat in {retryAfterS} seconds.',
  },
  server_disabled: {
    status: 409,
    title: 'The server is disabled',
    remedy: 'Enable it: peta server enable {server}',
  },
  server_quarantined: {
    status: 503,
    title: 'The server failed too often',
    remedy: 'Correct its definition, then: peta server enable {server}',
  },
  call_timed_out: {
    status: 504,
    title: 'The server did not answer in time',
    remedy: 'It may have run. Check before you repeat it.',
  },
  outcome_unknown: {
    status: 502,
    title: 'Nobody knows whether the call ran',
    remedy: 'Check at the destination before you repeat it.',
  },
  result_too_large: {
    status: 502,
    title: 'The result is too large',
    remedy: 'Ask for less; at most {bytesMax} bytes are relayed.',
  },
  egress_refused: { status: 403, title: 'Peta may not connect there', remedy: '{problem}' },
  definition_invalid: {
    status: 422,
    title: 'The server definition is not valid',
    remedy: '{problem}',
  },
  definition_changed: {
    status: 409,
    title: 'The tool changed since it was accepted',
    remedy: 'An administrator has to review and accept it.',
  },

  // MCP
  frame_invalid: {
    status: 400,
    title: 'The message is not a valid MCP message',
    remedy: 'Send one JSON-RPC 2.0 message that every parser reads alike: {problem}.',
  },
  params_invalid: {
    status: 400,
    title: 'The parameters are not valid',
    remedy: '{problem}',
  },
  meta_missing: {
    status: 400,
    title: 'A required member of _meta is missing',
    remedy: 'Send {key} in params._meta.',
  },
  name_unknown: {
    status: 404,
    title: 'There is nothing of that name',
    remedy: 'Call one of the names that the list shows.',
  },
  method_unknown: {
    status: 404,
    title: 'There is no such method',
    remedy: 'Use a method of the protocol versions served: {supported}.',
  },
  header_mismatch: {
    status: 400,
    title: 'A header does not say what the body says',
    remedy: 'Send {header} with the value of the body.',
  },
  capability_missing: {
    status: 400,
    title: 'The client lacks a capability that this needs',
    remedy: 'Declare {requiredCapabilities}.',
  },
  question_declined: {
    status: 403,
    title: 'The user declined what the server asked for',
    remedy: 'Call again once the user wants it.',
  },
  version_unsupported: {
    status: 400,
    title: 'That protocol version is not served',
    remedy: 'Use one of {supported}.',
  },
  not_acceptable: {
    status: 406,
    title: 'The answer would be of a type that was not asked for',
    remedy: 'Send Accept: application/json, text/event-stream.',
  },
  session_required: {
    status: 400,
    title: 'The request belongs to no session and says no protocol version',
    remedy: 'Call initialize first, or send {key} in params._meta. Versions: {supported}.',
  },
  session_unknown: {
    status: 404,
    title: 'There is no such session',
    remedy: 'Call initialize to begin a new one.',
  },
  event_unknown: {
    status: 404,
    title: 'There is no such event to go on from',
    remedy: 'The stream is gone, and what was on it too. Call initialize to begin a new session.',
  },
  calls_limited: {
    status: 429,
    title: 'Too many calls at once',
    remedy: 'Let some of the {callsMax} end first.',
  },

  // Audit
  audit_unavailable: {
    status: 503,
    title: 'The audit log cannot be written',
    remedy: 'Nothing runs unrecorded. Check disk space and the database.',
  },

  // Storage
  data_dir_in_use: {
    status: 500,
    title: 'Another Peta uses this data directory',
    remedy: 'Stop process {pid} on {host} (since {since}), or choose another PETA_DATA_DIR.',
  },
  data_dir_unwritable: {
    status: 500,
    title: 'The data directory cannot be written',
    remedy: 'Make {path} writable for this user, or choose another PETA_DATA_DIR.',
  },
  filesystem_unsafe: {
    status: 500,
    title: 'The data directory is on a file system without reliable locks',
    remedy: 'Move {path} from {filesystem} to a local disk, or set PETA_ALLOW_UNSAFE_FS=1.',
  },
  database_unsafe: { status: 500, title: 'The database is not set up safely', remedy: '{problem}' },
  database_unreachable: {
    status: 500,
    title: 'The database cannot be reached',
    remedy: '{problem}',
  },
  storage_full: {
    status: 503,
    title: 'The disk is full',
    remedy:
      'Free space on the volume of the data directory; nothing that was acknowledged is lost.',
  },
  store_busy: { status: 503, title: 'Too many writes are waiting', remedy: 'Repeat in a second.' },
  store_unavailable: {
    status: 503,
    title: 'The database does not answer',
    remedy: 'Peta reconnects by itself; look at the database.',
  },
  tenant_predicate_missing: {
    status: 500,
    title: 'A statement named no workspace',
    remedy: 'This is a defect in Peta; report it with the request id.',
  },
  migration_changed: {
    status: 500,
    title: 'A migration that already ran was edited',
    remedy: 'Restore the release that wrote migration {migration}.',
  },
  schema_too_new: {
    status: 500,
    title: 'The database was written by a newer Peta',
    remedy: 'Start Peta {version} or newer.',
  },
  lease_lost: {
    status: 503,
    title: 'Another process took over',
    remedy: 'This process stops that work by itself.',
  },

  // Start-up
  config_invalid: { status: 500, title: 'A setting is not valid', remedy: '{problem}' },
  port_taken: {
    status: 500,
    title: 'The port is taken',
    remedy: 'Stop what listens on {address}, or set PETA_PORT to a free port.',
  },
  bind_failed: {
    status: 500,
    title: 'Peta cannot listen there',
    remedy: '{problem}',
  },
  bind_unsafe: {
    status: 500,
    title: 'Peta would listen beyond this machine without TLS',
    remedy: 'Set PETA_PUBLIC_URL to the https address of your proxy, or bind 127.0.0.1.',
  },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>

export type ProblemCode = keyof typeof problems
