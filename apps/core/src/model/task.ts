/** What a task has come to. Whether it waits for its client is known only where it runs, and not kept. */
export const taskStates = ['working', 'completed', 'failed', 'cancelled'] as const
export type TaskState = (typeof taskStates)[number]

/** Names one task as its client does. Who made it and where stands in `owner`: to anyone else it does not exist. */
export type TaskKey = Readonly<{ workspaceId: string; owner: string; id: string }>

/** A call that goes on without its client, as it stood when it was read. */
export type Task = TaskKey &
  Readonly<{
    state: TaskState
    /** The approval that its call waits for, or ran under. */
    approvalId?: string
    createdAtMs: number
    changedAtMs: number
    /** When it is forgotten, with its result. */
    expiresAtMs: number
    /** The instant of the reading. Every other one here is of the same clock. */
    nowMs: number
    /** What its client gets, as JSON: a result once `completed`, a JSON-RPC error once `failed`. */
    outcome?: Buffer
  }>

/** What it takes to go on with a task on another day: who asked for what. */
export type TaskRequest = Readonly<{
  agentId: string
  tokenId: string
  /** Name of the profile it was asked at; empty where it was none. */
  profile: string
  clientIp: string
  /** The request as its client sent it. */
  bytes: Buffer
}>
