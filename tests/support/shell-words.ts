/**
 * Commands of `peta` in a text, as words: those of a shell line, however `peta` is called there. Knows quotes, comments,
 * `&&` and redirections, and no other magic of a shell.
 */
export const petaCommandsIn = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .flatMap((line) => line.split(' && '))
    .flatMap((part) => {
      const [, words = ''] = /^\s*(?:npm run (?:-s )?peta -- |peta )(.*)$/.exec(part) ?? []
      return words ? [wordsOf(words)] : []
    })

function wordsOf(line: string): readonly string[] {
  const [command = ''] = line.split(/ +(?:#|<(?= )|\|)/)
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  )
}
