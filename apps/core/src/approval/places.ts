import type { Approval } from './approval.ts'
import type { Place } from './dependencies.ts'

type Of = Pick<Approval, 'workspaceId' | 'id' | 'revision'>

/** Where encrypted content is kept. The place is part of what is authenticated, so nothing can be moved. */
export const placeOfArguments = ({ workspaceId, id, revision }: Of): Place => ({
  workspaceId,
  table: 'approval_revision',
  rowId: `${id}/${revision}`,
  column: 'args',
})

export const placeOfComment = ({ workspaceId, id, revision }: Of, voterId: string): Place => ({
  workspaceId,
  table: 'approval_vote',
  rowId: `${id}/${revision}/${voterId}`,
  column: 'comment',
})

export const placeOfResult = (
  { workspaceId, id }: Pick<Of, 'workspaceId' | 'id'>,
  fence: number,
): Place => ({
  workspaceId,
  table: 'approval_result_part',
  rowId: `${id}/${fence}`,
  column: 'blob',
})

export const placeOfNote = ({ workspaceId, id }: Pick<Of, 'workspaceId' | 'id'>): Place => ({
  workspaceId,
  table: 'approval',
  rowId: id,
  column: 'end_note',
})
