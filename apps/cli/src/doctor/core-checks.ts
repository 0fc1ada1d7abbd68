import { z } from 'zod'

import { failed, ok, type Check } from './check.ts'

const ANSWER_MS = 5000

const Health = z.object({ status: z.literal('alive'), version: z.string() })
const Obstacles = z.object({ obstacles: z.array(z.string()) })

/** What Core says of itself; when it is not there, that is all there is to say. */
export async function coreChecks(url: string): Promise<readonly Check[]> {
  const alive = await aliveness(url)
  if (alive.state === 'failed') return [alive]
  return [alive, await readiness(url), await refusesForeignOrigins(url)]
}

async function aliveness(url: string): Promise<Check> {
  const name = 'Core is alive'
  const response = await ask(`${url}/health`)
  if (!response) return failed(name, `nothing answers at ${url}`, 'Start it: npm start')
  const health = Health.safeParse(await response.json().catch(() => undefined))
  if (health.success) return ok(name, `${url}, version ${health.data.version}`)
  const fix = 'Give the address of Peta with --core, or stop what uses its port.'
  return failed(name, `what answers at ${url} is not Peta`, fix)
}

async function readiness(url: string): Promise<Check> {
  const name = 'Core is ready'
  const response = await ask(`${url}/ready`)
  if (response?.ok) return ok(name, 'it serves calls')
  const said = Obstacles.safeParse(await response?.json().catch(() => undefined))
  const obstacles = said.success ? said.data.obstacles.join('; ') : 'it does not say why'
  return failed(name, obstacles, 'Remove what is in the way; its log says more.')
}

/** A page that makes its own name point at this machine must get nothing. */
async function refusesForeignOrigins(url: string): Promise<Check> {
  const name = 'foreign origins are refused'
  const response = await ask(`${url}/health`, { origin: 'https://attacker.example' })
  const evidence = response ? `answered ${response.status}` : 'no answer'
  if (response?.status === 403) return ok(name, evidence)
  return failed(name, evidence, 'Put no proxy in front that rewrites Origin.')
}

const ask = (url: string, headers: Record<string, string> = {}): Promise<Response | undefined> =>
  fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS) }).catch(
    () => undefined,
  )
