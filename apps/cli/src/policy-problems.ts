import { z } from 'zod'

import { oneLine } from './print.ts'

const Problems = z.array(
  z.looseObject({
    severity: z.string(),
    code: z.string(),
    rule: z.string().optional(),
    line: z.int().optional(),
    message: z.string(),
    remedy: z.string(),
  }),
)

/** What a check or a refused publish found, one problem a line, in the order of the file. */
export function problemLines(problems: unknown): readonly string[] {
  return Problems.parse(problems ?? [])
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ severity, code, rule, line, message, remedy }) => {
      const place = [line && `line ${line}`, rule && `rule ${rule}`].filter(Boolean).join(', ')
      return oneLine(`${severity} ${code}${place && ` (${place})`}: ${sentence(message)} ${remedy}`)
    })
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
