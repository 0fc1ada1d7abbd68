export type Glob = Readonly<{
  /** Text that every match starts with; the whole pattern when it holds no wildcard. */
  prefix: string
  isLiteral: boolean
  matches: (text: string) => boolean
}>

const STAR = 1
const DOUBLE_STAR = 2
type Token = string | typeof STAR | typeof DOUBLE_STAR

/**
 * Compiles a pattern in which `*` stands for any text without `/` and `**` for any text; everything else is itself
 * and case counts. Time to match is at most pattern length times text length, whatever either holds (POL-2).
 */
export function compileGlob(pattern: string): Glob {
  const tokens = tokenise(pattern)
  const firstWild = tokens.findIndex((token) => typeof token === 'number')
  if (firstWild === -1) {
    return { prefix: pattern, isLiteral: true, matches: (text) => text === pattern }
  }

  const prefix = tokens.slice(0, firstWild).join('')
  const rest = tokens.slice(firstWild)
  return {
    prefix,
    isLiteral: false,
    matches: (text) => text.startsWith(prefix) && matchTokens(rest, text, prefix.length),
  }
}

function tokenise(pattern: string): readonly Token[] {
  return pattern
    .split(/(\*+)/)
    .flatMap((part): readonly Token[] => (part.startsWith('*') ? [wild(part)] : Array.from(part)))
}

/** A run of three or more stars says no more than two. */
const wild = (stars: string): Token => (stars.length === 1 ? STAR : DOUBLE_STAR)

/** Walks the text once with the set of pattern positions that are still possible: no backtracking. */
function matchTokens(tokens: readonly Token[], text: string, start: number): boolean {
  if (tokens.length === 1 && tokens[0] === DOUBLE_STAR) return true
  let possible = skipWild(tokens, new Uint8Array(tokens.length + 1).fill(1, 0, 1))
  for (const character of text.slice(start)) {
    const next = new Uint8Array(tokens.length + 1)
    tokens.forEach((token, at) => {
      if (possible[at] !== 1) return
      if (token === DOUBLE_STAR || (token === STAR && character !== '/')) next[at] = 1
      else if (token === character) next[at + 1] = 1
    })
    possible = skipWild(tokens, next)
  }
  return possible[tokens.length] === 1
}

/** A wildcard may stand for nothing, so the position after it is possible too. */
function skipWild(tokens: readonly Token[], possible: Uint8Array): Uint8Array {
  tokens.forEach((token, at) => {
    if (possible[at] === 1 && typeof token === 'number') possible[at + 1] = 1
  })
  return possible
}
