import { parentPort, workerData } from 'node:worker_threads'

import { runReaderThread } from './store/sqlite/reader-thread.ts'

/** Composition root of a thread that reads. */
if (parentPort) runReaderThread(parentPort, workerData)
