import { parentPort, workerData } from 'node:worker_threads'

import { createLogAppender } from './audit/log.ts'
import { runWriterThread } from './store/sqlite/writer-thread.ts'

/** Composition root of the thread that writes: the store's loop and the audit log's appender. */
if (parentPort) runWriterThread(parentPort, workerData, createLogAppender())
