export {
  appendLeaves,
  consistencyProof,
  createNodes,
  emptyFrontier,
  encodeLeaf,
  HASH_BYTES,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  type Frontier,
  type NodeAt,
} from './merkle.ts'
export {
  checkpointText,
  createNoteSigner,
  keyHash,
  openNote,
  parseCheckpoint,
  publicKeyOf,
  SEED_BYTES,
  verifierKey,
  type Checkpoint,
  type NoteSigner,
} from './note.ts'
export {
  verifyConsistency,
  verifyInclusion,
  type ConsistencyClaim,
  type InclusionClaim,
} from './proof-check.ts'
export {
  EXPORT_FORMAT,
  keyRecord,
  parseRecord,
  writeRecord,
  type ExportCheckpoint,
  type ExportEvent,
  type ExportHeader,
  type ExportKey,
  type ExportRecord,
} from './export-format.ts'
export {
  exitCodes,
  type Finding,
  type LogReport,
  type Verdict,
  type VerifyReport,
} from './report.ts'
export { createVerifier, type Verifier, type VerifyOptions } from './verifier.ts'
export { verifyExport } from './verify-export.ts'
