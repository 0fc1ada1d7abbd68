/**
 * How every program of this repository is started: from source; without a debugger that a signal opens, and without a
 * way to reach a prototype by `__proto__` (SEC-70); and with a nursery of the collector a quarter as large as usual, which
 * costs no CPU per call and saves a quarter of the memory.
 */
export const NODE_FLAGS = /** @type {readonly string[]} */ ([
  '--conditions=peta-source',
  '--disable-sigusr1',
  '--disable-proto=throw',
  '--max-semi-space-size=4',
])
