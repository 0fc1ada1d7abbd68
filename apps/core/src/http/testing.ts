import type { McpDeps } from '../gateway/mcp.ts'
import {
  createTestMcp,
  type Script,
  testPrincipal,
  testProfile,
  type TestMcp,
} from '../gateway/testing.ts'
import type { Profile } from '../model/profile.ts'
import { CoreError } from '../ground/errors.ts'
import { listen, type Listener } from './listen.ts'
import { createMcpEndpoint, type McpEndpoint, type McpEndpointDeps } from './mcp-endpoint.ts'
import { metadataUrl } from './well-known.ts'

export const TEST_TOKEN = 'test-token'

export type TestListener = Listener & Readonly<{ mcp: TestMcp; url: string; tick: () => void }>

type Overrides = Pick<Partial<McpDeps>, 'governedCall' | 'timers'> &
  Readonly<{
    nowMs?: () => number
    onDelivered?: McpEndpointDeps['onDelivered']
    /** At the one address that a profile has. */
    profile?: Profile
  }>

/** The real listener on a free port, over a scripted governed call. */
export async function openTestListener(
  script?: Script,
  { nowMs = () => 1_000, onDelivered, profile = testProfile, ...deps }: Overrides = {},
): Promise<TestListener> {
  const mcp = createTestMcp(deps, script)
  let opened: McpEndpoint | undefined
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    publicUrl: undefined,
    issuers: [],
    isProfile: (name, isSse) => name === profile.name && (!isSse || profile.sse),
    mcp(publicUrl) {
      const endpoint = createMcpEndpoint({
        mcp,
        refuseInUrl: async () => {
          throw new CoreError('credential_in_url')
        },
        identify(authorization, name) {
          if (authorization === `Bearer ${TEST_TOKEN}`) {
            return { principal: testPrincipal, ...(name !== undefined && { profile }) }
          }
          throw new CoreError('unauthenticated')
        },
        resourceMetadataUrl: (name) => metadataUrl(publicUrl(), name),
        ...(onDelivered && { onDelivered }),
        clock: { nowMs },
      })
      opened = endpoint
      return endpoint
    },
    fallback: (_request, response) => response.end('fallback'),
    refuseOther: (_error, _request, response) => response.writeHead(421).end(),
  })
  return {
    publicUrl: listener.publicUrl,
    port: listener.port,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
    mcp,
    url: `${listener.publicUrl}/mcp`,
    tick: () => opened?.tick(),
  }
}
