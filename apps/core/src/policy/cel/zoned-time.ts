/** Parts of an instant that conditions can ask for, with what CEL calls them. */
export const timeParts = [
  'getFullYear',
  'getMonth',
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getHours',
  'getMinutes',
] as const
export type TimePart = (typeof timeParts)[number]

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

export const isTimePart = (name: string): name is TimePart =>
  (timeParts as readonly string[]).includes(name)

/** Whether the runtime knows a zone of that name. */
export function isTimeZone(zone: string): boolean {
  try {
    createFormat(zone)
    return true
  } catch {
    return false
  }
}

export type ZonedTime = (instant: Date, zone: string, part: TimePart) => bigint

/**
 * Reads one part of an instant in a named zone. Months, days of a month and days of a week count from 0, dates from 1.
 * Formats are kept, since making one costs a hundred times what using it does; zones are literals of rules, so few.
 */
export function createZonedTime(): ZonedTime {
  const formats = new Map<string, Intl.DateTimeFormat>()

  return function zonedTime(instant, zone, part) {
    const format = formats.get(zone) ?? createFormat(zone)
    formats.set(zone, format)
    const fields = Object.fromEntries(
      format.formatToParts(instant).map(({ type, value }) => [type, value]),
    )
    return BigInt(readers[part](fields))
  }
}

type Fields = Readonly<Record<string, string>>

const readers: Readonly<Record<TimePart, (fields: Fields) => number>> = {
  getFullYear: (fields) => Number(fields['year']),
  getMonth: (fields) => Number(fields['month']) - 1,
  getDate: (fields) => Number(fields['day']),
  getDayOfMonth: (fields) => Number(fields['day']) - 1,
  getDayOfWeek: (fields) => WEEKDAYS.indexOf(fields['weekday'] ?? ''),
  getHours: (fields) => Number(fields['hour']),
  getMinutes: (fields) => Number(fields['minute']),
}

const createFormat = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
