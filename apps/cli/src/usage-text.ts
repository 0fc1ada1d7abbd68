import type { Command } from 'commander'

/** What can be repeated without fear: a name that somebody could have meant. A secret may stand where it does not belong. */
const PLAIN = /^(-[a-z]|--[a-z][a-z-]{0,23}|[a-z][a-z-]{0,23})$/i

/** Commander's complaint as one line that says where to look, and repeats no value. */
export function usageText(complaint: string, command: Command): string {
  const text = complaint
    .trim()
    .replace(/^error: /, '')
    .replace(/( but got \d+): [^]*$/, '$1.')
    .replace(/ argument '[^]*' is invalid\./, ' is wrong:')
    .replace(/^(unknown \w+) '([^]*)'/, (_, what: string, given: string) =>
      PLAIN.test(given) ? `${what} '${given}'` : what,
    )
    .replace(/\n\(Did you mean (.*)\?\)$/, '; did you mean $1?')
  const end = /[.?]$/.test(text) ? '' : '.'
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${end} See: ${pathOf(command)} --help`
}

/** A command as a person types it: peta secret put. */
export const pathOf = (command: Command): string =>
  command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
