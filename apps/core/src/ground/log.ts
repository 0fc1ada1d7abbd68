import { pino, type Logger } from 'pino'

/** The process log: JSON lines on stderr. It is no audit log, and neither carries secrets or arguments (AUD-5). */
export type Log = Logger

const REDACTED_PATHS = [
  'authorization',
  'cookie',
  'token',
  'secret',
  '*.authorization',
  '*.cookie',
  '*.token',
  '*.secret',
]

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export const createLog = (level: LogLevel): Log =>
  pino(
    { level, base: null, redact: { paths: REDACTED_PATHS, censor: '[secret]' } },
    pino.destination({ dest: 2, sync: true }),
  )
