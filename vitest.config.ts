import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['peta-source'] },
  ssr: { resolve: { conditions: ['peta-source'] } },
  test: {
    exclude: ['**/dist/**', '**/node_modules/**', '.toolchain/**'],
    execArgv: ['--conditions=peta-source'],
    globalSetup: ['tests/support/postgres-setup.ts'],
    // Many files wait for processes of their own; with one worker fewer than cores they would wait one by one.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
