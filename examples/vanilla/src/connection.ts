import type { StateName, TidingsStream } from '@tidings/client'

const pill = document.querySelector<HTMLElement>('#connection')!
const missed = document.querySelector<HTMLElement>('#missed')!

const words: Readonly<Record<StateName, string>> = {
  idle: 'Closed',
  connecting: 'Connecting…',
  'catching-up': 'Catching up…',
  live: 'Live',
  waiting: 'Cut off; trying again…',
  offline: 'No network',
  paused: 'Paused',
  refused: 'Refused',
}

/** Says in one corner how the connection is, and what was missed when it comes back. */
export function showConnection(stream: TidingsStream): void {
  let shown = stream.status.returned
  const show = () => {
    const { state, trouble, returned } = stream.status
    pill.dataset.state = state
    pill.textContent = words[state]
    pill.title = trouble?.message ?? ''
    if (returned === shown) return
    shown = returned
    if (returned && returned.replayed > 0) say(`You missed ${count(returned.replayed)}. Here they are.`)
  }
  stream.onStatus(show)
  show()
}

/** Says something above the board, for a while. */
export function say(text: string): void {
  missed.textContent = text
  missed.hidden = false
  setTimeout(() => {
    if (missed.textContent === text) missed.hidden = true
  }, 8_000)
}

function count(notices: number): string {
  return notices === 1 ? 'one notice' : `${notices} notices`
}
