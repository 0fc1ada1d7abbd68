import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    exclude: ['**/dist/**', '**/node_modules/**', '.toolchain/**'],
    execArgv: ['--conditions=source'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
