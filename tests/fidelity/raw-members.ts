/** A member of an object as it is written: its name, and the text of its value. */
export type RawMember = Readonly<{ name: string; value: string; text: string }>

const SPACE = /\s*/y
const STRING = /"(?:[^"\\]|\\[^])*"/y
const PLAIN = /[^\s{}[\]:,"]+/y

/** The members of the object that `text` is, each from its name to the end of its value. For valid JSON only. */
export function rawMembers(text: string): readonly RawMember[] {
  const members: RawMember[] = []
  let at = skip(SPACE, text, 0)
  if (text[at] !== '{') throw new Error('no object')
  for (at = skip(SPACE, text, at + 1); text[at] !== '}'; at = skip(SPACE, text, at)) {
    const start = at
    const nameEnd = skip(STRING, text, at)
    const valueStart = skip(SPACE, text, skip(SPACE, text, nameEnd) + 1)
    const end = skipValue(text, valueStart)
    const name = String(JSON.parse(text.slice(start, nameEnd)))
    members.push({ name, value: text.slice(valueStart, end), text: text.slice(start, end) })
    at = skip(SPACE, text, end)
    if (text[at] === ',') at += 1
  }
  return members
}

/** The text of a value inside, or undefined. */
export function rawValue(text: string, ...path: readonly string[]): string | undefined {
  const [name, ...rest] = path
  if (name === undefined) return text
  const found = rawMembers(text).find((member) => member.name === name)
  return found && rawValue(found.value, ...rest)
}

/** The texts of the elements of a list. */
export function rawElements(text: string): readonly string[] {
  const elements: string[] = []
  let at = skip(SPACE, text, 1)
  while (text[at] !== ']') {
    const end = skipValue(text, at)
    elements.push(text.slice(at, end))
    at = skip(SPACE, text, end)
    if (text[at] === ',') at = skip(SPACE, text, at + 1)
  }
  return elements
}

function skipValue(text: string, from: number): number {
  if (text[from] === '"') return skip(STRING, text, from)
  if (text[from] !== '{' && text[from] !== '[') return skip(PLAIN, text, from)
  let depth = 0
  let at = from
  do {
    if (text[at] === '"') at = skip(STRING, text, at)
    else {
      depth += '{['.includes(text[at] ?? '-') ? 1 : '}]'.includes(text[at] ?? '-') ? -1 : 0
      at += 1
    }
  } while (depth > 0)
  return at
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}
