import { z } from 'zod'

/** Directories of text for models, as an extension (MCP-142). */
const SKILLS_EXTENSION = 'io.modelcontextprotocol/skills'

export const skillsCapability = { [SKILLS_EXTENSION]: { directoryRead: true } }

export const hasSkills = (capabilities: Readonly<Record<string, unknown>>): boolean => {
  const { extensions } = capabilities
  return typeof extensions === 'object' && extensions !== null && SKILLS_EXTENSION in extensions
}

export const isSkillUri = (uri: string): boolean => uri.startsWith('skill://')

/** One file of a skill, as its manifest has it. */
export type SkillFile = Readonly<z.infer<typeof SkillFile>>

const SkillFile = z.looseObject({
  uri: z.string().refine(isSkillUri),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
})

const FILES_MAX = 512
const BYTES_MAX = 16 * 1024 * 1024

const Skill = z
  .looseObject({
    uri: z.string().refine((uri) => isSkillUri(uri) && uri.endsWith('/SKILL.md')),
    frontmatter: z.record(z.string(), z.unknown()),
    resources: z.array(SkillFile).min(1).max(FILES_MAX),
  })
  .refine(({ uri, resources }) => {
    const uris = new Set(resources.map((file) => file.uri))
    const root = uri.slice(0, -'SKILL.md'.length)
    const isWhole = uris.size === resources.length && uris.has(uri)
    return isWhole && [...uris].every((one) => one.startsWith(root) && !one.endsWith('/'))
  })
  .refine(({ resources }) => resources.reduce((sum, { size }) => sum + size, 0) <= BYTES_MAX)

/**
 * The files of an entry, or undefined where it has no whole manifest within the limits: what cannot be pinned is not
 * offered.
 */
export function skillFiles(entry: unknown): readonly SkillFile[] | undefined {
  const parsed = Skill.safeParse(entry)
  return parsed.success ? parsed.data.resources : undefined
}
