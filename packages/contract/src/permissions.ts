export const roles = ['owner', 'admin', 'approver', 'auditor', 'member'] as const
export type Role = (typeof roles)[number]

/**
 * Which roles hold a permission. The owner holds all. An approver decides and nothing else; an auditor reads and
 * writes nothing; nobody reads the value of a secret (IDN-8, VLT-32).
 */
export const permissions = {
  'self.read': ['admin', 'approver', 'auditor', 'member'],
  'directory.read': ['admin', 'auditor'],
  'directory.write': ['admin'],
  'agent.read': ['admin', 'auditor'],
  'agent.write': ['admin'],
  'profile.read': ['admin', 'auditor'],
  'profile.write': ['admin'],
  'server.read': ['admin', 'auditor'],
  'server.write': ['admin'],
  'secret.read': ['admin', 'auditor'],
  'secret.write': ['admin'],
  'policy.read': ['admin', 'auditor'],
  'policy.write': ['admin'],
  'approval.read': ['admin', 'approver', 'auditor', 'member'],
  'approval.decide': ['admin', 'approver', 'member'],
  'approval.resolve': ['admin', 'approver'],
  'audit.read': ['admin', 'auditor'],
  'audit.export': ['auditor'],
  'event.read': ['admin', 'approver', 'auditor', 'member'],
} as const satisfies Record<string, readonly Exclude<Role, 'owner'>[]>

export type Permission = keyof typeof permissions

export const holds = (role: Role, permission: Permission): boolean =>
  role === 'owner' || (permissions[permission] as readonly Role[]).includes(role)
