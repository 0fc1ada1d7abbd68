/**
 * A JSON number that a double does not hold. It is no number to JavaScript, so whatever would round it fails instead:
 * arithmetic, order and text all ask for a number and do not get one (MCP-92).
 */
export class ExactNumber {
  readonly #text: string

  /** `text` is a JSON number as it was sent. */
  constructor(text: string) {
    this.#text = text
  }

  get isInteger(): boolean {
    return decimalOf(this.#text).power >= 0
  }

  /** The double next to it, which is another number. */
  get rounded(): number {
    return Number(this.#text)
  }

  equals(other: ExactNumber | bigint): boolean {
    const [a, b] = [decimalOf(this.#text), decimalOf(String(other))]
    return a.isNegative === b.isNegative && a.digits === b.digits && a.power === b.power
  }

  toString(): string {
    return this.#text
  }

  /** Written as anything else, it would be a value that nobody sent. */
  toJSON(): never {
    throw new TypeError('a number that a double does not hold has no value to write')
  }
}

/**
 * Whether a double holds this JSON number: its value is within the safe integers, and writing it again gives the
 * same decimal.
 */
export function isExactInDouble(text: string): boolean {
  const value = Number(text)
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return false
  const [a, b] = [decimalOf(text), decimalOf(String(value))]
  return a.digits === b.digits && a.power === b.power
}

type Decimal = Readonly<{ isNegative: boolean; digits: string; power: number }>

/** Digits and exponent without the freedom of spelling: `1.50e1` and `15` give the same. */
function decimalOf(text: string): Decimal {
  const isNegative = text.startsWith('-')
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replace(/^-/, '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const all = `${whole}${fraction}`.replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  if (digits === '') return { isNegative: false, digits: '0', power: 0 }
  const power = Number(exponent) - fraction.length + all.length - digits.length
  return { isNegative, digits, power }
}
