import { RE2JS } from 're2js'

/** Whether a URI could come from a template. */
export type TemplateMatch = (uri: string) => boolean

const EXPRESSION = /\{([+#./;?&]?)[^{}]*\}/g
const NOTHING: TemplateMatch = () => false

/** What an expression of each operator may expand to; variables of the plain form never hold a separator. */
const expansions: Readonly<Record<string, string>> = {
  '': '[^/?#]*',
  '+': '.*',
  '#': '(?:#.*)?',
  '.': '(?:\\.[^/?#]*)?',
  '/': '(?:/[^?#]*)?',
  ';': '(?:;[^/?#]*)?',
  '?': '(?:\\?[^#]*)?',
  '&': '(?:&[^#]*)?',
}

/**
 * Recognises URIs of a template on an engine whose time is linear in the URI, because both come from outside
 * (SEC-71). A template that is none matches nothing.
 *
 * @see RFC 6570
 */
function compileTemplate(template: string): TemplateMatch {
  let pattern = ''
  let from = 0
  for (const expression of template.matchAll(EXPRESSION)) {
    pattern += RE2JS.quote(template.slice(from, expression.index))
    pattern += expansions[expression[1] ?? ''] ?? ''
    from = expression.index + expression[0].length
  }
  const rest = template.slice(from)
  if (rest.includes('{')) return NOTHING
  const compiled = RE2JS.compile(`${pattern}${RE2JS.quote(rest)}`, RE2JS.DOTALL)
  return (uri) => compiled.matches(uri)
}

const TEMPLATES_MAX = 5000

/** Compiles each template once; the oldest is forgotten when there are too many. */
export function createTemplateMatches(): (template: string) => TemplateMatch {
  const kept = new Map<string, TemplateMatch>()

  return function templateMatch(template) {
    const known = kept.get(template)
    if (known) return known
    const match = compileTemplate(template)
    const [oldest] = kept.keys()
    if (kept.size >= TEMPLATES_MAX && oldest !== undefined) kept.delete(oldest)
    kept.set(template, match)
    return match
  }
}
