import type { Db } from '../operation.ts'

/**
 * Counts a change of who may do what. Every command that changes a user, group, agent or token writes the value it
 * returns into the rows it touched, so that readers fetch exactly those (IDN-20).
 */
export async function nextEpoch(db: Db, workspaceId: string): Promise<number> {
  const row = await db
    .insertInto('identity_epoch')
    .values({ workspace_id: workspaceId, epoch: 1 })
    .onConflict((conflict) =>
      conflict
        .column('workspace_id')
        .doUpdateSet((eb) => ({ epoch: eb('identity_epoch.epoch', '+', 1) })),
    )
    .returning('epoch')
    .executeTakeFirstOrThrow()
  return row.epoch
}
