/** The only place that writes to the terminal. Results go to stdout, everything said about them to stderr. */
export type Print = Readonly<{
  /** A result: the text as given, or JSON when the user asked for it. */
  result: (value: unknown, text: string) => void
  say: (text: string) => void
}>

export const createPrint = (asJson: boolean): Print => ({
  result: (value, text) =>
    void process.stdout.write(
      `${printable(asJson ? JSON.stringify(value, undefined, 2) : text)}\n`,
    ),
  say: (text) => void process.stderr.write(`${printable(text)}\n`),
})

/** Rows under a head line, columns padded; empty lists say so. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'none'
  const lines = [head, ...rows.map((row) => row.map(oneLine))]
  const widths = head.map((_, column) => Math.max(...lines.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return lines.map(line).join('\n')
}

/** Names before values, one a line. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${oneLine(value)}`).join('\n')
}

/** UTC, and says so. */
export const when = (epochMs: number | undefined): string =>
  epochMs === undefined ? '' : `${new Date(epochMs).toISOString().replace('T', ' ').slice(0, 19)}Z`

/**
 * Escapes what could move the cursor, colour, hide or reorder text, line breaks excepted: names and arguments come
 * from strangers (SEC-73). What was JSON stays JSON of the same meaning.
 */
export const printable = (text: string): string => text.replace(DANGEROUS, escaped)

/** For text of strangers inside a line of ours: a line break in it could forge the next line. */
export const oneLine = (text: string): string => printable(text).replaceAll('\n', '\\n')

/** Control, invisible, private and unpaired characters, and separators that terminals break lines at. */
const DANGEROUS = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
