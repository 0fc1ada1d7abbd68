#!/usr/bin/env node
import { run } from './run.ts'

// Whoever reads a pipe may stop reading: `peta audit list | head`.
process.stdout.on('error', () => process.exit())
process.exitCode = await run(process.argv)
