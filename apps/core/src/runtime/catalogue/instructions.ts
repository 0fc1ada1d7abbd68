import { z } from 'zod'

import type { Greeting } from '../connection/handshake.ts'
import type { ListedItem } from './drain.ts'
import { pinOf } from './pin.ts'

/** Longer than this is no advice, and would not be shown (MCP-28). */
const CHARS_MAX = 32 * 1024
const NAME = 'instructions'

/** A server's words to models, as an entry to review: a change of them is a change of what models are told (SEC-80). */
export function instructionsItem({ instructions }: Greeting): readonly ListedItem[] {
  if (instructions === undefined || instructions.trim() === '') return []
  if (!instructions.isWellFormed() || instructions.length > CHARS_MAX) return []
  const definition = { name: NAME, description: instructions }
  const text = JSON.stringify(definition)
  return [{ kind: 'instructions', name: NAME, definition: text, pin: pinOf(definition) }]
}

export const readInstructions = (definition: string): string =>
  Definition.parse(JSON.parse(definition)).description

const Definition = z.looseObject({ description: z.string() })
