import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { readPage } from '../client/snippets.ts'
import { ServerProcess, tidingsCommand } from '../support/server-process.ts'
import { tempFolder } from '../support/temp-folder.ts'

/**
 * What surrounds the lines of the page. A stream stays open beside what follows, and ends with the server; every other answer
 * has to be a good one. What is at fault is named on standard error.
 */
const around = `
set -u
opened=0
curl() {
  case " $* " in
    *' -N '*|*' -sN '*)
      opened=$((opened + 1))
      local head="head.$opened.$BASHPID"
      command curl -s --dump-header "$head" "$@" 2> /dev/null &
      until grep -qs '^HTTP/1.1' "$head"; do kill -0 $! || break; sleep 0.05; done
      grep -qs '^HTTP/1.1 200' "$head" || echo "no stream: $*" >&2
      ;;
    *) command curl -sS --fail-with-body "$@" > answer || echo "refused: $* $(cat answer)" >&2 ;;
  esac
}
npx() {
  shift # tidings
  $TIDINGS "$@" 2> /dev/null
}
`

/** Each line of shell on a page, be it in a block or in the midst of a sentence, in order. */
function shellOf(page: string): string {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$|`(curl [^`\n]+)`/gm)]
    .map(([, block, inline]) => block ?? inline)
    .join('\n')
}

it('every line of docs/http-api.md works as it stands, from top to bottom', async () => {
  await using work = await tempFolder()
  await using folder = await tempFolder()
  await using server = await ServerProcess.start({ data: folder.path })
  const lines = shellOf(await readPage('docs/http-api.md'))
  expect(lines.split('curl ').length).toBeGreaterThan(35)
  const script = `${around}\n${lines.replaceAll('localhost:3000', new URL(server.url).host)}\n`
  const shell = spawn('bash', ['-c', script], {
    cwd: work.path,
    env: {
      PATH: process.env.PATH,
      TIDINGS: tidingsCommand.join(' '),
      TIDINGS_DATA: folder.path,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [complaints] = await Promise.all([text(shell.stderr), once(shell, 'close')])
  expect(complaints).toBe('')
})
