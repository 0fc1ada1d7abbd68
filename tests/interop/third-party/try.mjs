/**
 * One foreign client, in a process of its own: lists what Peta shows and makes the calls that it is told, and writes what
 * came of each.
 *
 * Run: INTEROP=<json of Task> node try.mjs
 *
 * @typedef {import('./run.ts').Door} Door
 * @typedef {import('./run.ts').Task} Task
 * @typedef {Readonly<{
 *   list: () => Promise<readonly string[]>,
 *   call: (name: string, args: Record<string, unknown>) => Promise<unknown>,
 *   close: () => Promise<unknown>,
 * }>} Connected
 * @typedef {(door: Door) => Promise<Connected>} Connect
 */

/** @type {Task} */
const task = JSON.parse(process.env.INTEROP ?? '')
/** @type {{ connect: Connect }} */
const { connect } = await import(`./clients/${task.client}.mjs`)
const client = await connect(task)
const names = await client.list()
for (const { name, args, says } of task.calls) {
  const problem = names.includes(name) ? await tryCall(name, args, says) : 'not listed'
  process.stdout.write(`${JSON.stringify({ name, problem })}\n`)
}
await client.close()
// Some of them keep timers that nobody waits for.
process.exit()

/**
 * @param {string} name
 * @param {Record<string, unknown>} args
 * @param {string} says
 */
async function tryCall(name, args, says) {
  try {
    const answer = JSON.stringify(await client.call(name, args)) ?? 'nothing'
    return answer.includes(says) ? undefined : `answered ${answer.slice(0, 200)}`
  } catch (error) {
    return String(error).slice(0, 200)
  }
}
