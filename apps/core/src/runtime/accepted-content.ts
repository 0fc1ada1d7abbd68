import { sha256Hex } from '../crypto/digest.ts'
import { CoreError } from '../ground/errors.ts'
import type { Call, CallResult } from '../model/call.ts'
import { isAppUri } from '../protocol/apps.ts'
import { readServerFrame } from '../protocol/server-frame.ts'
import { isSkillUri, type SkillFile } from '../protocol/skills.ts'
import { appDigest, contentsOf } from './catalogue/apps.ts'
import { fileKey, type Registry } from './registry/registry.ts'

/**
 * The page of an app is code, and a file of a skill is what a model does next: nobody gets another one than a person
 * accepted (MCP-140, MCP-142).
 *
 * @throws CoreError `definition_changed`
 */
export function assertAccepted(
  registry: Pick<Registry, 'current'>,
  { method, workspaceId, server, name }: Call,
  answer: CallResult,
): void {
  if (method !== 'resources/read' || answer.isError) return
  const key = fileKey({ serverId: server.id, name })
  const { apps, skillFiles } = registry.current(workspaceId)
  const isSame =
    (!isAppUri(name) || isPage(answer, apps.get(key))) &&
    (!isSkillUri(name) || !skillFiles.has(key) || isFile(answer, skillFiles.get(key)))
  if (!isSame) throw new CoreError('definition_changed', { server: server.slug })
}

const isPage = ({ bytes }: CallResult, accepted: string | undefined): boolean =>
  accepted !== undefined && appDigest(readServerFrame(bytes)) === accepted

function isFile({ bytes }: CallResult, file: SkillFile | undefined): boolean {
  const [content, ...others] = contentsOf(readServerFrame(bytes)) ?? []
  if (!file || !content || others.length > 0) return false
  const { text, blob } = content
  const held = typeof text === 'string' ? Buffer.from(text) : bytesOf(blob)
  return held?.length === file.size && `sha256:${sha256Hex(held)}` === file.digest
}

const bytesOf = (blob: unknown): Buffer | undefined =>
  typeof blob === 'string' ? Buffer.from(blob, 'base64') : undefined
