/** The only place that writes to the terminal. Results go to stdout, everything said about them to stderr. */
export type Print = Readonly<{
  /** A result: the text as given, or JSON when the user asked for it. */
  result: (value: unknown, text: string) => void
  say: (text: string) => void
}>

export const createPrint = (asJson: boolean): Print => ({
  result: (value, text) =>
    void process.stdout.write(
      `${asJson ? JSON.stringify(value, undefined, 2) : printable(text)}\n`,
    ),
  say: (text) => void process.stderr.write(`${printable(text)}\n`),
})

/** Rows under a head line, columns padded; empty lists say so. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return 'none'
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(head), ...rows.map(line)].join('\n')
}

export const when = (epochMs: number | undefined): string =>
  epochMs === undefined ? '' : new Date(epochMs).toISOString().replace('T', ' ').slice(0, 19)

/** Escapes what could move the cursor, colour, or reorder text: names and arguments come from strangers (SEC-73). */
export const printable = (text: string): string =>
  text.replace(
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
