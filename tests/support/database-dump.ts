import { Client, escapeIdentifier } from 'pg'

/** Every row of every table as PostgreSQL writes it, bytes in hex: what a person with a copy of the database has. */
export async function databaseDump(url: string): Promise<string> {
  const client = new Client(url)
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    )
    const texts: string[] = []
    for (const { name } of tables.rows) {
      const rows = await client.query<{ row: string }>(
        `select t::text as row from ${escapeIdentifier(name)} t`,
      )
      texts.push(name, ...rows.rows.map(({ row }) => row))
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}
