import type { Client, Pool } from 'pg'
import { z } from 'zod'

const Rows = z.tuple([z.object({ now_ms: z.int() })])

/** The instant by which all replicas decide leases and expiry (STO-37). */
export async function databaseNowMs(on: Pick<Client | Pool, 'query'>): Promise<number> {
  const { rows } = await on.query(
    'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms',
  )
  return Rows.parse(rows)[0].now_ms
}
