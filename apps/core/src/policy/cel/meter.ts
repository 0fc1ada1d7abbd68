/** Units of work that evaluating may cost; a unit is about one step of the evaluator. */
export const meterLimits = {
  unitsPerRuleMax: 200_000,
  unitsPerDecisionMax: 2_000_000,
  regexBytesPerCallMax: 64 * 1024,
  regexBytesPerDecisionMax: 256 * 1024,
  needleLengthMax: 1024,
} as const

const CHARACTERS_PER_UNIT = 64

/** Evaluation stopped because the arguments make it too dear. Counts as an error of the rule (POL-18). */
class BudgetError extends Error {
  override readonly name = 'BudgetError'
}

/**
 * Counts what conditions cost at run time, in steps instead of time, so that it is the same everywhere (POL-8).
 * One lives for one decision. Which rule spends first never matters: a decision that spent all is refused whole.
 */
export type Meter = Readonly<{
  startRule: () => void
  /** @throws BudgetError */
  charge: (units: number) => void
  /** @throws BudgetError */
  chargeText: (text: string) => void
  /** @throws BudgetError */
  chargeRegex: (text: string) => void
  /** Some rule could not be judged for want of budget, so no answer but no is safe. */
  isExhausted: () => boolean
}>

export function createMeter(): Meter {
  let ofRule = 0
  let ofDecision = 0
  let regexBytes = 0

  function charge(units: number): void {
    ofRule += units
    ofDecision += units
    if (ofRule > meterLimits.unitsPerRuleMax) throw new BudgetError('too much work for one rule')
    if (ofDecision > meterLimits.unitsPerDecisionMax) throw new BudgetError('too much work')
  }

  return {
    startRule() {
      ofRule = 0
    },
    charge,
    chargeText: (text) => charge(1 + text.length / CHARACTERS_PER_UNIT),
    chargeRegex(text) {
      const bytes = Buffer.byteLength(text)
      if (bytes > meterLimits.regexBytesPerCallMax) throw new BudgetError('text too long for re()')
      regexBytes += bytes
      if (regexBytes > meterLimits.regexBytesPerDecisionMax) {
        throw new BudgetError('too much text for re()')
      }
    },
    isExhausted: () =>
      ofDecision > meterLimits.unitsPerDecisionMax ||
      regexBytes > meterLimits.regexBytesPerDecisionMax,
  }
}
