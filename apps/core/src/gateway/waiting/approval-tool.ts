import { z } from 'zod'

import type { CatalogueEntry } from '../../model/catalogue.ts'
import type { Era } from '../../model/frame.ts'
import { shownName } from '../../model/own-tools.ts'
import { approvalText } from '../outcome.ts'
import type { OwnTool } from '../own-tools.ts'
import type { TaskApprovals } from '../tasks/task-records.ts'

const Asked = z.object({ id: z.string() })
const ID_CHARS_MAX = 64

/** Tells an agent whose client could not be held longer how its own approval stands (APR-44, MCP-136). */
export const approvalTool = ({ progress }: Pick<TaskApprovals, 'progress'>): OwnTool => ({
  name: 'approval_status',
  title: 'Approval status',
  description:
    'Tells how an approval of one of your calls stands. Once it is approved, make that call again.',
  inputSchema: {
    type: 'object',
    properties: {
      id: { type: 'string', maxLength: ID_CHARS_MAX, description: 'As in APR-1A2B3C4D' },
    },
    required: ['id'],
    additionalProperties: false,
  },
  isOffered: (profile) => profile === undefined,
  async answer({ principal, args }) {
    const { id } = Asked.parse(args)
    const status = await progress(principal, id)
    if (!status) return { text: `You have no approval ${id}.`, isError: true }
    const { approvalId, state, expiresAtMs } = status
    const expiresAt = new Date(expiresAtMs).toISOString()
    return { text: approvalText(status), structured: { id: approvalId, state, expiresAt } }
  },
})

/** Modern clients wait by tasks or rounds, and need no tool for it. */
export const isForEra = ({ item }: CatalogueEntry, era: Era): boolean =>
  era === 'legacy' || item.exposed !== shownName('approval_status')
