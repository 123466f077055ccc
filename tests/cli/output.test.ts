import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ServerProcess, tidingsCommand } from '../support/server-process.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** How a line of the shell ends, in which `$tidings` is the command. */
async function run(command: string, folder: string): Promise<{ code: number | null; stderr: string }> {
  const shell = spawn('sh', ['-c', command], {
    cwd: folder,
    env: { ...process.env, tidings: tidingsCommand.join(' ') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [stderr, [code]] = await Promise.all([text(shell.stderr), once(shell, 'close')])
  return { code, stderr }
}

/** A disk without room, as Linux has it. */
const full = '/dev/full'

test.skipIf(!existsSync(full))('output that cannot be written is no success, and says why', async () => {
  await using server = await ServerProcess.start()
  await using folder = await tempFolder()
  await run(`$tidings publish --url ${server.url} --topic broadcast --text hello`, folder.path)
  const commands = ['stats', 'publish --topic a --text b', 'tail --last 1']
  for (const command of commands) {
    const ended = await run(`$tidings ${command} --url ${server.url} > ${full}`, folder.path)
    expect(ended).toEqual({ code: 74, stderr: expect.stringMatching(/^tidings: .*no space left.*\n$/) })
  }
})

test('a reader that has seen enough is no error', async () => {
  await using folder = await tempFolder()
  const create = `$tidings keys create --name first --publish '**' --data ${folder.path}`
  // The reader has gone before the command has anything to say.
  const { stderr } = await run(`{ ${create}; echo "code $?" >&2; } | exec true`, folder.path)
  expect(stderr).toContain('code 0')
  expect(stderr).not.toContain('EPIPE')
})
