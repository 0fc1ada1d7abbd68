/** The page of the command line, made from the program itself. */
import { examples } from '../apps/cli/src/examples.ts'
import { createProgram } from '../apps/cli/src/program.ts'

type Command = ReturnType<typeof createProgram>

/** One part for each command, in the order of `peta --help`. */
export function commandParts(): readonly string[] {
  const program = createProgram()
  return [
    `In a clone of Peta, \`npm run peta --\` stands for \`peta\`. Every command takes:\n\n${optionList(program)}`,
    'Exit codes: 0 done, 1 refused or failed, 2 used wrongly; `peta audit verify` has its own. Results go to standard output, everything said about them to standard error.',
    ...program.commands.flatMap((command) => partsOf(command, [])),
  ]
}

function partsOf(command: Command, above: readonly string[]): readonly string[] {
  const words = [...above, command.name()]
  if (command.commands.length > 0) {
    const head = `## peta ${words.join(' ')}\n\n${sentence(command.description())}`
    return [head, ...command.commands.flatMap((child) => partsOf(child, words))]
  }
  const name = words.join(' ')
  const level = above.length === 0 ? '##' : '###'
  const shown = examples[name]
  const parts = [
    `${level} peta ${name}`,
    command.registeredArguments.length > 0 &&
      `\`peta ${[name, ...command.registeredArguments.map(argumentText)].join(' ')}\``,
    sentence(command.description()),
    optionList(command),
    shown && `\`\`\`sh\n${shown.join('\n')}\n\`\`\``,
  ]
  return [parts.filter(Boolean).join('\n\n')]
}

const argumentText = (argument: Command['registeredArguments'][number]): string => {
  const name = argument.variadic ? `${argument.name()}...` : argument.name()
  return argument.required ? `<${name}>` : `[${name}]`
}

const optionList = (command: Command): string =>
  command.options
    .filter(({ long }) => long !== '--version')
    .map((option) => {
      const choices = option.argChoices ? `: ${option.argChoices.join(', ')}` : ''
      const needed = option.mandatory ? ' (needed)' : ''
      return `- \`${option.flags}\`: ${option.description.replaceAll('<', '\\<')}${choices}${needed}`
    })
    .join('\n')

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
