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
