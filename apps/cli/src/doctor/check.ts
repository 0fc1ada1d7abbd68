export type Check = Readonly<{
  name: string
  state: 'ok' | 'warning' | 'failed'
  /** What was seen, which a reader can judge by themselves. */
  evidence: string
  /** What to do about it, unless it is in order. */
  fix?: string
}>

export const ok = (name: string, evidence: string): Check => ({ name, state: 'ok', evidence })

export const failed = (name: string, evidence: string, fix: string): Check => ({
  name,
  state: 'failed',
  evidence,
  fix,
})

export const warning = (name: string, evidence: string, fix: string): Check => ({
  name,
  state: 'warning',
  evidence,
  fix,
})
