import { checkParamHeaders, isSent } from '../../protocol/rev-2026-07-28/param-headers.ts'
import type { AnswerCallDeps, Asking } from '../asking.ts'
import type { ToolContract } from './check-arguments.ts'
import type { Target } from './resolve-call.ts'

type Deps = Pick<AnswerCallDeps, 'contracts' | 'readsArguments'>

/** A modern client's headers say the same as the arguments that the tool has repeated in them (MCP-22). */
export function checkHeaders(deps: Deps, asking: Asking, { entry, args }: Target): void {
  const contract = deps.contracts(entry.item)
  if (asking.era === 'modern')
    checkParamHeaders(repeated(contract, entry, asking), args, asking.headers)
}

/** Where rules read arguments, there are none of other names than rules know (POL-15). */
export function checkNames(deps: Deps, { principal }: Asking, { entry, args }: Target): void {
  const { server, item } = entry
  const isStrict = deps.readsArguments(principal.workspaceId, server, item)
  if (isStrict) deps.contracts(item).checkNames(args)
}

/** What the schema that its client saw asks for. A header that is sent all the same must be true all the same. */
function repeated(
  { paramHeaders }: ToolContract,
  { override }: Target['entry'],
  { isInner = false, headers }: Asking,
): ToolContract['paramHeaders'] {
  const isUnseen = ([name = '']: readonly string[]): boolean =>
    isInner || (override !== undefined && Object.hasOwn(override.pinned, name))
  return paramHeaders.filter(({ name, path }) => !isUnseen(path) || isSent(name, headers))
}
