import { connect } from '@tidings/client'
import { createApi } from '@tidings/client/api'
import { board } from './board.ts'
import { startComposer } from './composer.ts'
import { say, showConnection } from './connection.ts'
import { tabs } from './tabs.ts'

const pageSize = 20
const olderButton = document.querySelector<HTMLButtonElement>('#older')!

const api = createApi()
// It comes back by itself, with all that was missed; and all tabs of this browser share one connection.
const stream = connect({ topics: ['board/*'], types: ['notice'], shared: true })

stream.on('notice', (event) => {
  if (event.topic === topicOf(tabs.current)) board.add(event)
  else if (event.topic) tabs.count(event.topic.slice('board/'.length))
})

// The stream stands, so nothing falls between what is read now and what arrives.
const stop = stream.onStatus(({ state }) => {
  if (state !== 'live') return
  stop()
  void load()
})

// Some of what was missed is gone from the log: what is shown is read again.
stream.on('gap', async () => {
  await load()
  stream.dismissGap()
  say('You were away for so long that some notices are gone.')
})

showConnection(stream)
startComposer(api, () => topicOf(tabs.current))
tabs.onChange(load)
olderButton.addEventListener('click', () => show(board.oldest))

function topicOf(name: string): string {
  return `board/${name}`
}

/** Shows the newest notices of the board that is open. */
async function load(): Promise<void> {
  board.clear()
  await show()
}

/** Shows a page of notices: the newest, or those before an id. Those that have arrived already stay where they are. */
async function show(before?: string): Promise<void> {
  const name = tabs.current
  const topics = topicOf(name)
  try {
    const page = await api.events({ topics, types: ['notice'], order: 'desc', limit: pageSize, before })
    if (name !== tabs.current) return
    board.append(page.events)
    olderButton.hidden = page.next === null
  } catch (error) {
    say(`The notices could not be read: ${error instanceof Error ? error.message : error}`)
  }
}
