import { foundation0001 } from './0001-foundation.ts'
import { identity0002 } from './0002-identity.ts'
import { policy0003 } from './0003-policy.ts'
import { approvals0004 } from './0004-approvals.ts'
import { secrets0005 } from './0005-secrets.ts'
import { servers0006 } from './0006-servers.ts'
import { audit0007 } from './0007-audit.ts'
import { profiles0008 } from './0008-profiles.ts'
import { serverEras0009 } from './0009-server-eras.ts'
import { tasks0010 } from './0010-tasks.ts'
import { rareEvents0011 } from './0011-rare-events.ts'
import type { Migration } from './migration.ts'

/** Every step, ascending. */
export const migrations: readonly Migration[] = [
  foundation0001,
  identity0002,
  policy0003,
  approvals0004,
  secrets0005,
  servers0006,
  audit0007,
  profiles0008,
  serverEras0009,
  tasks0010,
  rareEvents0011,
]
