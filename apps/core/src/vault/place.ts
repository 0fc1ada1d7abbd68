import { encodeAad } from '../crypto/aad.ts'

/** Where each blob belongs, as the additional data that it opens with only there (VLT-15). */
export const placeOf = {
  value: (at: VersionPlace) => encodeAad('value', [...versionFields(at), at.dekId]),

  dek: (at: VersionPlace & DekPlace) =>
    encodeAad('dek', [
      ...versionFields(at),
      at.dekId,
      at.kekId,
      at.ownerKind,
      at.ownerId,
      at.bindingDigest,
    ]),

  kek: (
    at: Readonly<{ deploymentId: string; workspaceId: string; kekId: string; rootId: string }>,
  ) => encodeAad('kek', [at.deploymentId, at.workspaceId, at.kekId, at.rootId]),

  root: (at: Readonly<{ deploymentId: string; rootId: string; sealerId: string }>) =>
    encodeAad('root', [at.deploymentId, at.rootId, at.sealerId]),

  data: (at: DataPlace & Readonly<{ kekId: string }>) =>
    encodeAad('data', [at.workspaceId, at.table, at.rowId, at.column, at.kekId]),

  systemKey: (
    at: Readonly<{ deploymentId: string; workspaceId: string; name: string; rootId: string }>,
  ) => encodeAad('systemKey', [at.deploymentId, at.workspaceId, at.name, at.rootId]),
} as const

export type VersionPlace = Readonly<{
  workspaceId: string
  secretId: string
  version: number
  dekId: string
}>

export type DekPlace = Readonly<{
  kekId: string
  ownerKind: string
  ownerId: string
  /** SHA-256 of the canonical bindings, hex: a secret opens only under the bindings it was sealed with (VLT-16). */
  bindingDigest: string
}>

/** The cell of the database that a blob is kept in. */
export type DataPlace = Readonly<{
  workspaceId: string
  table: string
  rowId: string
  column: string
}>

const versionFields = ({ workspaceId, secretId, version }: VersionPlace): readonly string[] => [
  workspaceId,
  secretId,
  String(version),
]
