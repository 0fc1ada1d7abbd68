import { Environment } from '@marcbachmann/cel-js'

import { ExactNumber } from '../../ground/exact-number.ts'
import { expressionLimits, variables } from './dialect.ts'
import { createEquality } from './equality.ts'
import { JsonObject } from './json-object.ts'
import { meterLimits, type Meter } from './meter.ts'
import { createOwnFunctions, type OwnFunctions } from './own-functions.ts'
import { createZonedTime, isTimePart } from './zoned-time.ts'

const METERED_GROWTH = 8
const NETWORK_UNITS = 50
const TIME_UNITS = 25
const PARSE_UNITS = 20
const GLOB_CHARACTERS_PER_UNIT = 8

/** Runs conditions in the form that `print.ts` gives them. `useMeter` says who pays for the next evaluation. */
export type RunEnvironment = Readonly<{
  environment: Environment
  useMeter: (meter: Meter) => void
}>

/**
 * The engine with functions of ours under names that no condition can write, since the allow-list has none that
 * begins with an underscore. They count what they do on the current meter.
 */
export function createRunEnvironment(): RunEnvironment {
  let current: Meter | undefined
  const meter = (): Meter => {
    if (!current) throw new Error('nobody pays for this evaluation')
    return current
  }

  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: {
      ...expressionLimits.parser,
      maxAstNodes: expressionLimits.parser.maxAstNodes * METERED_GROWTH,
      maxDepth: expressionLimits.parser.maxDepth * METERED_GROWTH,
    },
  })
  environment.registerType('Json', { ctor: JsonObject })
  // No operator takes it: what would have to round it is an error of the rule (MCP-92).
  environment.registerType('Exact', { ctor: ExactNumber, fields: {} })
  for (const name of variables) environment.registerVariable(name, 'dyn')
  registerCounting(environment, meter)
  registerEquality(environment, meter)
  registerText(environment, meter, createOwnFunctions())
  registerPatterns(environment, meter, createOwnFunctions())

  return {
    environment,
    useMeter(next) {
      current = next
    },
  }
}

type CurrentMeter = () => Meter

function registerCounting(environment: Environment, meter: CurrentMeter): void {
  const zonedTime = createZonedTime()
  environment
    .registerFunction('_each(dyn, int): dyn', (range: unknown, weight: bigint) => {
      meter().charge(sizeOf(range) * Number(weight))
      return range
    })
    .registerFunction('_counted(dyn): dyn', (value: unknown) => {
      if (typeof value === 'string') meter().chargeText(value)
      else if (isContainer(value)) meter().charge(sizeOf(value))
      return value
    })
    .registerFunction('_size(dyn): int', (value: unknown) => {
      if (typeof value !== 'string') return BigInt(sizeOf(value))
      meter().chargeText(value)
      return BigInt(codePoints(value))
    })
    .registerFunction('_json(map): dyn', (value: object) => new JsonObject(value))
    .registerFunction('_has(dyn, string): bool', hasMember)
    .registerFunction('_time(dyn, string, string): int', (instant, zone, part) => {
      if (!(instant instanceof Date) || !isTimePart(part)) throw new Error('not an instant')
      meter().charge(TIME_UNITS)
      return zonedTime(instant, zone, part)
    })
}

const isContainer = (value: unknown): boolean => typeof value === 'object' && value !== null

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length
  if (value instanceof Set || value instanceof Map) return value.size
  throw new Error('not a list or map')
}

function codePoints(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1
  return count
}

function hasMember(value: unknown, key: string): boolean {
  if (value instanceof JsonObject) return value.has(key)
  const isNumber = value instanceof ExactNumber
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber) {
    return Object.hasOwn(value, key)
  }
  throw new Error('has() of something without members')
}

function registerEquality(environment: Environment, meter: CurrentMeter): void {
  const { isEqual, isMember } = createEquality((units) => meter().charge(units))
  environment
    .registerFunction('_eq(dyn, dyn): bool', isEqual)
    .registerFunction('_ne(dyn, dyn): bool', (a: unknown, b: unknown) => !isEqual(a, b))
    .registerFunction('_in(dyn, dyn): bool', isMember)
}

function registerText(environment: Environment, meter: CurrentMeter, own: OwnFunctions): void {
  /** A text, counted; a value of any other type is an error of the rule. */
  function counted(value: unknown): string {
    if (typeof value !== 'string') throw new Error('not a text')
    meter().chargeText(value)
    return value
  }
  const parsed = (parse: (text: string) => string, text: string): string => {
    meter().charge(PARSE_UNITS)
    return parse(text)
  }
  const unary = (name: string, of: (text: string) => string): void => {
    environment.registerFunction(`${name}(dyn): string`, (value) => of(counted(value)))
  }
  const binary = (name: string, of: (a: string, b: string) => boolean): void => {
    environment.registerFunction(`${name}(dyn, dyn): bool`, (a, b) => of(counted(a), counted(b)))
  }

  unary('_lower_ascii', own.lowerAscii)
  unary('_upper_ascii', own.upperAscii)
  unary('_host', (url) => parsed(own.host, url))
  unary('_domain_of', (email) => parsed(own.domainOf, email))
  binary('_starts_with', (text, start) => text.startsWith(start))
  binary('_ends_with', (text, end) => text.endsWith(end))
  binary('_path_under', own.pathUnder)
  binary('_contains', (text, needle) => {
    if (needle.length > meterLimits.needleLengthMax) throw new Error('too long to be looked for')
    return text.includes(needle)
  })
}

/** Functions whose cost is not that of reading their text once. */
function registerPatterns(environment: Environment, meter: CurrentMeter, own: OwnFunctions): void {
  environment
    .registerFunction('_re(string, string): bool', (text: string, pattern: string) => {
      meter().chargeRegex(text)
      return own.re(text, pattern)
    })
    .registerFunction('_glob(string, string): bool', (text: string, pattern: string) => {
      meter().charge(1 + (text.length * pattern.length) / GLOB_CHARACTERS_PER_UNIT)
      return own.glob(text, pattern)
    })
    .registerFunction('_in_cidr(string, string): bool', (address: string, cidr: string) => {
      meter().charge(NETWORK_UNITS)
      return own.inCidr(address, cidr)
    })
}
