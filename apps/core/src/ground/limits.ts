/** Fixed bounds that no setting moves. A bound with a setting lives in `config/`. */
export const limits = {
  requestBytesMax: 1024 * 1024,
  resultBytesMax: 8 * 1024 * 1024,
  adminBodyBytesMax: 1024 * 1024,
  jsonDepthMax: 64,
  numberLengthMax: 64,
  requestIdLengthMax: 256,
  uriBytesMax: 8 * 1024,
  descriptionBytesMax: 32 * 1024,
  toolsPerServerMax: 5000,
  callsPerPrincipalMax: 64,
  callsPerServerMax: 256,
  connectMs: 10_000,
  listMs: 10_000,
  callIdleMs: 60_000,
  callAbsoluteMs: 300_000,
  /** Of calls whose clients do not wait for them. */
  taskIdleMs: 300_000,
  taskCallMs: 3_600_000,
  taskAbsoluteMs: 24 * 3_600_000,
  shutdownMs: 10_000,
} as const
