import { createPeta, PetaError, type Peta } from '@peta/sdk'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, globals } from '../command.ts'
import { addressOf, hostKeyFile } from '../paths.ts'
import { createPrint, oneLine, when } from '../print.ts'
import { readSecret } from '../prompt.ts'
import { forgetSession, readHostKey, saveSession } from '../session.ts'

type SetupOptions = Readonly<{ email: string; name: string; workspace?: string }>

/** Setting up, signing in, signing out. Until there is a sign-in page, access to the host is the proof. */
export function addSessionCommands(program: Command): void {
  program
    .command('setup-link')
    .description('on the host: make a new one-time link, to set up or to sign in as the owner')
    .action(async (_options, command: Command) => {
      const { url, json } = globals(command)
      const link = await makeLink(url)
      createPrint(json).result(link, `${link.url}\nvalid until ${when(link.expiresAt)}, once`)
    })
  program
    .command('setup')
    .description('make the workspace and its owner; reads the set-up link from stdin or a prompt')
    .requiredOption('--email <address>', 'e-mail address of the owner')
    .requiredOption('--name <name>', 'name of the owner')
    .option('--workspace <name>', 'name of the workspace (default: Peta)')
    .action(async (options: SetupOptions, command: Command) => setUp(options, command))
  program
    .command('login')
    .description(
      'on the host: sign in as the owner, at --core or PETA_URL or http://127.0.0.1:7382',
    )
    .action(async (_options, command: Command) => logIn(command))
  addSignedIn(program)
}

function addSignedIn(program: Command): void {
  program
    .command('logout')
    .description('end this session')
    .action(
      asPerson<[]>(async ({ peta, print }) => {
        await endSession(peta)
        await forgetSession()
        print.result({ signedOut: true }, 'Signed out.')
      }),
    )
  program
    .command('whoami')
    .description('show who is signed in, and where')
    .action(
      asPerson<[]>(async ({ peta, print, session }) => {
        const me = await peta.call('me.read', {})
        const who = oneLine(`${me.name} <${me.email}>, ${me.role}`)
        print.result(
          { ...me, url: session.url, expiresAt: session.expiresAt },
          `${who}, at ${session.url} until ${when(session.expiresAt)}`,
        )
      }),
    )
}

/** A session that has ended by itself is what was wanted. */
async function endSession(peta: Peta): Promise<void> {
  try {
    await peta.call('sessions.end', {})
  } catch (error) {
    if (!(error instanceof PetaError) || error.code !== 'unauthenticated') throw error
  }
}

async function setUp(options: SetupOptions, command: Command): Promise<void> {
  const { chosen, url: byDefault, json } = globals(command)
  const text = (await readSecret('Set-up link')).trim()
  const link = text.split('#').at(-1) ?? ''
  // A link knows where it was made, which a terminal without PETA_PORT does not.
  const url = chosen ?? (URL.canParse(text) ? addressOf('The link', text) : byDefault)
  const session = await createPeta({ url }).call('setup.complete', {
    body: {
      link,
      email: options.email,
      name: options.name,
      ...(options.workspace && { workspace: options.workspace }),
    },
  })
  await saveSession({ url, ...session })
  sayWho(json, { url, expiresAt: session.expiresAt })
}

async function logIn(command: Command): Promise<void> {
  const { url, json } = globals(command)
  const { kind, link } = await makeLink(url)
  if (kind === 'setup') {
    throw new CliError('Peta has no owner yet. Make one with: peta setup --email … --name …')
  }
  const session = await createPeta({ url }).call('sessions.create', { body: { link } })
  await saveSession({ url, ...session })
  sayWho(json, { url, expiresAt: session.expiresAt })
}

/** The token stays in the session file. */
function sayWho(json: boolean, { url, expiresAt }: { url: string; expiresAt: number }): void {
  createPrint(json).result(
    { url, expiresAt },
    `You are signed in at ${url} until ${when(expiresAt)}.`,
  )
}

async function makeLink(url: string) {
  const hostKey = await readHostKey()
  try {
    return await createPeta({ url, hostKey }).call('links.create', { body: {} })
  } catch (error) {
    if (!(error instanceof PetaError) || error.code !== 'unauthenticated') throw error
    throw new CliError(
      `The Peta at ${url} does not know the key in ${hostKeyFile()}. Set PETA_DATA_DIR to its data directory, or --core to its address.`,
      { cause: error },
    )
  }
}
