const ABOVE_FLOOR_1 = ['ground', 'model', 'crypto'] as const
const STAGE = [...ABOVE_FLOOR_1, 'store', 'egress'] as const

/**
 * What each folder of Core may import from its siblings. Data flows across, imports point down: the stages of one
 * floor never import each other, they meet as types in `model/`.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  ground: [],
  model: ['ground'],
  config: ['ground'],
  crypto: ['ground'],
  protocol: ['ground', 'model', 'crypto'],
  store: ABOVE_FLOOR_1,
  egress: ABOVE_FLOOR_1,
  identity: STAGE,
  policy: STAGE,
  approval: STAGE,
  vault: STAGE,
  runtime: [...STAGE, 'protocol'],
  audit: STAGE,
  profile: STAGE,
  task: STAGE,
  gateway: [...ABOVE_FLOOR_1, 'protocol'],
  admin: [
    ...ABOVE_FLOOR_1,
    'store',
    'identity',
    'policy',
    'approval',
    'vault',
    'runtime',
    'audit',
    'profile',
  ],
  http: [...ABOVE_FLOOR_1, 'protocol', 'gateway', 'admin'],
}

/** Files of Core that stand above the floors because they join them. They may import all of it. */
export const composition = /^(main|core|(open|build)-[a-z-]+|[a-z]+-worker)\.ts$/

/** Who may touch the outside world. A module not named here is free to all. */
export const powers: Readonly<Record<string, readonly string[]>> = {
  // Starting processes and threads
  'node:child_process': ['runtime'],
  'node:worker_threads': ['store'],
  'node:cluster': [],
  // Disks
  'node:fs': ['config', 'store', 'vault', 'runtime', 'audit'],
  'node:sqlite': ['store'],
  kysely: ['store'],
  pg: ['store'],
  // The way out, and the way in
  undici: ['egress'],
  'node:net': ['egress'],
  'node:tls': ['egress'],
  'node:dns': ['egress'],
  'node:dgram': [],
  'node:https': [],
  'node:http2': [],
  'node:http': ['http'],
  hono: ['http'],
  '@hono/node-server': ['http'],
  // Keys, rules, and code made from text
  'node:crypto': ['crypto'],
  '@marcbachmann/cel-js': ['policy'],
  re2js: ['policy', 'gateway'],
  'node:vm': [],
  'node:module': [],
  'node:inspector': [],
  'node:process': [],
}

/** What speaks to a database. `apps/core` has its table above; no other workspace may import one at all. */
export const drivers = ['node:sqlite', 'kysely', 'pg'] as const

/** Names that only calculate, from modules that are a power otherwise. */
export const harmlessNames: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['isIP', 'isIPv4', 'isIPv6', 'BlockList'],
}

/** Powers that need no import: what they look like, and who may use them. */
export const ambientPowers: Readonly<
  Record<string, Readonly<{ pattern: RegExp; holders: readonly string[] }>>
> = {
  'process.env': { pattern: /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\s*\[/, holders: ['config'] },
  'process.getBuiltinModule': { pattern: /\bgetBuiltinModule\b/, holders: [] },
  'process.exit': { pattern: /\bprocess\s*\.\s*exit\s*\(/, holders: [] },
  fetch: { pattern: /(?<![.\w$])fetch\s*\(|\bglobalThis\s*\.\s*fetch\b/, holders: ['egress'] },
  'computed import': { pattern: /\bimport\s*\((?!\s*(['"])[^'"]+\1\s*[,)])/, holders: [] },
  'code made from text': { pattern: /(?<![.\w$])eval\s*\(|\bnew\s+Function\s*\(/, holders: [] },
}

/**
 * What each workspace may import beyond its own files. Apps never import apps; a package lists all it needs, because
 * whoever uses it takes that on too.
 */
export const workspaces: Readonly<
  Record<string, Readonly<{ ours: readonly string[]; others: readonly string[] | 'any' }>>
> = {
  'packages/contract': { ours: [], others: ['zod'] },
  'packages/proof': {
    ours: [],
    others: ['node:crypto', 'node:fs', 'node:fs/promises', 'node:path'],
  },
  'packages/sdk': { ours: ['@peta/contract'], others: [] },
  'apps/core': { ours: ['@peta/contract', '@peta/proof'], others: 'any' },
  'apps/cli': { ours: ['@peta/contract', '@peta/proof', '@peta/sdk'], others: 'any' },
}
