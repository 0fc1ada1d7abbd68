import { resumeTask } from './calls/answer-call.ts'
import { type AnswerRequest, createAnswerRequest } from './answer-request.ts'
import { createApprovedRounds } from './questions/approved-rounds.ts'
import { createToolContracts } from './calls/check-arguments.ts'
import { createElicitationIds, type ElicitationIds } from './questions/elicitation-ids.ts'
import { createExchanges } from './questions/exchanges.ts'
import type { Listens } from './subscriptions/listens.ts'
import { createLists } from './lists/lists.ts'
import type { McpDeps } from './mcp.ts'
import { createRoundStates } from './questions/round-state.ts'
import { createSlots } from './slots.ts'
import { createSubscriptions } from './subscriptions/subscriptions.ts'
import { adoptTasks, type AdoptDeps } from './tasks/adopt-task.ts'
import { createLiveTasks } from './tasks/live-tasks.ts'
import { createTaskCalls } from './tasks/task-calls.ts'
import { createTaskWatch } from './tasks/task-watch.ts'
import { createTemplateMatches } from './calls/uri-template.ts'
import type { Views } from './lists/views.ts'

type AnsweringDeps = McpDeps & Readonly<{ views: Views; listens: Listens; serverInfo: string }>

/** What answers requests, and what goes on with calls that outlast theirs. */
export type Answering = Readonly<{
  answerRequest: AnswerRequest
  /** A server says that a visit that it asked for is done. */
  elicited: ElicitationIds['completed']
  /** Lets go of tasks, and hands back what waits for its client to come back. */
  stop: () => Promise<void>
}>

export function createAnswering(deps: AnsweringDeps): Answering {
  const found = { contracts: createToolContracts(), templateMatch: createTemplateMatches() }
  const watch = createTaskWatch()
  const { changed } = watch
  const exchanges = createExchanges(deps)
  const elicitationIds = createElicitationIds(deps)
  const live = createLiveTasks({ ...deps, changed })
  const answering = {
    ...deps,
    ...found,
    live,
    watch,
    changed,
    taskCalls: createTaskCalls({ ...deps, changed, live }),
    lists: createLists(deps),
    slots: createSlots(),
    rounds: createRoundStates(deps),
    approvedRounds: createApprovedRounds(deps),
    exchanges,
    elicitationIds,
    openSubscriber: createSubscriptions({ ...deps, ...found }),
  }
  const resume: AdoptDeps['resume'] = (asking, { task }) => resumeTask(answering, asking, task)
  adoptTasks({ ...deps, live, resume })
  return {
    answerRequest: createAnswerRequest(answering),
    elicited: elicitationIds.completed,
    stop: async () => void (await Promise.all([live.stop(), exchanges.stop()])),
  }
}
