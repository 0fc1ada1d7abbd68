import { Problem, routes, type Route } from '@peta/contract'
import { z } from 'zod'

/** The API's description, made from the same table that serves it. */
export function createOpenApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const [name, route] of Object.entries<Route>(routes)) {
    const path = (paths[route.path] ??= {})
    path[route.method.toLowerCase()] = operationOf(name, route)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Peta Core admin API', version },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', description: 'A person’s session' },
        host: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: '"PetaHost" and the key that stands in the data directory',
        },
      },
      schemas: { Problem: jsonSchema(Problem, 'output') },
    },
  }
}

function operationOf(name: string, route: Route): object {
  return {
    operationId: name,
    tags: [name.split('.')[0]],
    summary: route.summary,
    security: securityOf(route),
    ...(!['none', 'host'].includes(route.auth) && { 'x-permission': route.auth }),
    parameters: parametersOf(route),
    ...(route.body && {
      requestBody: { required: true, content: jsonContent(jsonSchema(route.body, 'input')) },
    }),
    responses: {
      [String(route.status ?? 200)]: successOf(route),
      default: {
        description: 'A problem',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  }
}

function securityOf(route: Route): readonly object[] {
  if (route.auth === 'none') return []
  return [route.auth === 'host' ? { host: [] } : { session: [] }]
}

function parametersOf(route: Route): readonly object[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const query = route.query && z.toJSONSchema(route.query, { io: 'input', unrepresentable: 'any' })
  const inQuery = Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema,
  }))
  return [...inPath, ...inQuery]
}

function successOf(route: Route): object {
  if (route.stream) {
    return {
      description: route.summary,
      content: { [route.stream]: { schema: { type: 'string' } } },
    }
  }
  if (!route.response) return { description: 'Done' }
  return { description: route.summary, content: jsonContent(jsonSchema(route.response, 'output')) }
}

const jsonContent = (schema: object): object => ({ 'application/json': { schema } })

/** Drafts of JSON Schema inside OpenAPI 3.1 need no `$schema` of their own. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
