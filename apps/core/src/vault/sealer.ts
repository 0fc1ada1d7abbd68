/**
 * What holds the key outside the database: a file, the environment, a key service. It only ever sees the root key
 * (VLT-28).
 */
export type Sealer = Readonly<{
  /** Kept with every wrap, and part of its additional data. */
  id: string
  kind: 'file' | 'environment'
  /**
   * The first wrap of a deployment may make the sealer's key.
   *
   * @throws CoreError `sealer_unavailable`, `sealer_unsafe`
   */
  wrap: (bytes: Uint8Array, aad: Uint8Array, signal: AbortSignal) => Promise<Buffer>
  /**
   * Never makes a key: one that is missing cannot open what it did not seal.
   *
   * @throws CoreError `sealer_unavailable`, `sealer_unsafe`, `vault_integrity_failed`
   */
  unwrap: (blob: Uint8Array, aad: Uint8Array, signal: AbortSignal) => Promise<Buffer>
  /** Resolves when it could unwrap now. */
  health: (signal: AbortSignal) => Promise<void>
}>
