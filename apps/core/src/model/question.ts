/** What a client lets itself be asked for while its call runs: its declared capabilities, one word each. */
export const asks = [
  'elicitation.form',
  'elicitation.url',
  'sampling',
  'sampling.context',
  'sampling.tools',
  'roots',
] as const
export type Ask = (typeof asks)[number]

export const questionMethods = [
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
] as const
export type QuestionMethod = (typeof questionMethods)[number]

/** A server's request to the client in the middle of a call. */
export type Question = Readonly<{
  method: QuestionMethod
  /** Its params as the server wrote them: one JSON text. */
  params: Buffer
  /** What a server calls it for as long as its task lasts. */
  key?: string
}>

/** What the client said to a question: a result or a JSON-RPC error, each as one JSON text. */
export type Answer = Readonly<{ result: Buffer } | { error: Buffer }>

/** A client that can be asked. Nothing it did not offer, and nothing a rule forbids, ever reaches it (MCP-55). */
export type Askable = Readonly<{
  asks: readonly Ask[]
  /** Stands for the client's roots, and another one does once they changed; absent where nobody would say so. */
  rootsMark?: object
  /** Rejects when the call is over, or nobody answered in time. */
  ask: (question: Question) => Promise<Answer>
}>
