import { createPeta } from '@peta/sdk'
import type { Command } from 'commander'

import { CliError } from '../cli-error.ts'
import { asPerson, globals } from '../command.ts'
import { createPrint, when } from '../print.ts'
import { readSecret } from '../prompt.ts'
import { forgetSession, readHostKey, saveSession } from '../session.ts'

type SetupOptions = Readonly<{ email: string; name: string; workspace?: string }>

/** Setting up, signing in, signing out. Until there is a sign-in page, access to the host is the proof. */
export function addSessionCommands(program: Command): void {
  program
    .command('setup-link')
    .description('make a new one-time link: to set up, or to sign in as the owner')
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
    .option('--workspace <name>', 'name of the workspace')
    .action(async (options: SetupOptions, command: Command) => setUp(options, command))
  program
    .command('login')
    .description('sign in as the owner, on the host')
    .action(async (_options, command: Command) => logIn(command))
  program
    .command('logout')
    .description('end this session')
    .action(
      asPerson<[]>(async ({ peta, print }) => {
        await peta.call('sessions.end', {})
        await forgetSession()
        print.say('Signed out.')
      }),
    )
  program
    .command('whoami')
    .description('show who is signed in')
    .action(
      asPerson<[]>(async ({ peta, print }) => {
        const me = await peta.call('me.read', {})
        print.result(me, `${me.name} <${me.email}>, ${me.role}`)
      }),
    )
}

async function setUp(options: SetupOptions, command: Command): Promise<void> {
  const { url, json } = globals(command)
  const text = await readSecret('Set-up link')
  const link = text.trim().split('#').at(-1) ?? ''
  const session = await createPeta({ url }).call('setup.complete', {
    body: {
      link,
      email: options.email,
      name: options.name,
      ...(options.workspace && { workspace: options.workspace }),
    },
  })
  await saveSession({ url, ...session })
  createPrint(json).say(`Done. You are signed in until ${when(session.expiresAt)}.`)
}

async function logIn(command: Command): Promise<void> {
  const { url, json } = globals(command)
  const { kind, link } = await makeLink(url)
  if (kind === 'setup') {
    throw new CliError('Peta has no owner yet. Make one with: peta setup --email … --name …')
  }
  const session = await createPeta({ url }).call('sessions.create', { body: { link } })
  await saveSession({ url, ...session })
  createPrint(json).say(`Signed in until ${when(session.expiresAt)}.`)
}

const makeLink = async (url: string) =>
  createPeta({ url, hostKey: await readHostKey() }).call('links.create', { body: {} })
