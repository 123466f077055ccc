import { Activities } from './activities.ts'
import { renderAnnouncement } from './announcements.ts'
import { Announcer } from './announcer.ts'
import type { Arrival } from './arrival.ts'
import { Composer } from './composer.ts'
import { ConnectionCard } from './connection-card.ts'
import { CurlLine, streamCommand } from './curl-line.ts'
import type { Door } from './door.ts'
import { find } from './element.ts'
import { EventList } from './event-list.ts'
import { LogTail } from './log-tail.ts'
import { Machine } from './machine.ts'
import { renderNotification } from './notifications.ts'
import { field, textField } from './payload.ts'
import type { Session } from './session.ts'
import { Subscription } from './subscription.ts'

/** Whom the page is about where nobody is asked who they are. */
const demoUser = 'demo-user'
/** The server's figures come every two seconds: five of them missing means that the line is dead. */
const silentAfterMs = 10_000
/** A tab that is hidden this long gives its connections back, in milliseconds. */
const restAfterMs = 20_000

/**
 * Opens the page behind the door: everything of the server in dev mode, else what this user may see.
 */
export async function openPage({ mode, user = demoUser }: Session, door: Door): Promise<void> {
  const isAll = mode === 'dev'
  const topics = [`user/${user}`, 'broadcast', ...(isAll ? ['activity/*', '$metrics'] : [])]
  const types = ['notification', 'announcement', 'update', ...(isAll ? ['activity', 'metrics'] : [])]

  const announcer = new Announcer()
  const notifications = new EventList({
    name: 'notification',
    emptyText: `Nothing for ${user} yet. A notification that is sent appears here at once.`,
    render: renderNotification,
  })
  const announcements = new EventList({
    name: 'announcement',
    emptyText: 'Nothing was announced yet.',
    render: renderAnnouncement,
  })
  const activities = new Activities(curl('activity-curl', 'the activity feed'))
  const machine = new Machine()
  const card = new ConnectionCard(user, curl('resume-curl', 'going on from here'), (text) =>
    announcer.say(text),
  )
  const tail = new LogTail(curl('tail-curl', 'this stream'), curl('tail-feed', 'sending a file'), check)
  if (!isAll) tail.suggest(`user/${user}`, ['notification'])
  const composer = new Composer(curl('composer-curl', 'the same request'), ({ path, body }) => {
    if (path === '/api/events') tail.listen(textField(body, 'type') ?? 'message')
  })

  find('notification-user', HTMLElement).textContent = user
  curl('notification-curl', 'the stream of notifications').show(streamCommand(`/events/${user}`))
  curl('announcement-curl', 'the stream of announcements').show(streamCommand('/events'))
  curl('machine-curl', 'the stream of figures').show(streamCommand('/api/metrics'))

  // One stream for the whole page, and so one place in the log to come back to.
  const subscription = new Subscription(
    [...topics.map((topic) => ['topic', topic] as const), ['types', types.join(',')]],
    types,
    {
      arrived,
      changed: () => card.changed(),
      returned: (absence) => card.returned(absence),
      lost: (gap) => {
        card.lost(gap)
        void load()
      },
      expiring: ({ expiresAt }) =>
        door.offerRenewal(expiresAt, () => {
          void subscription.renew()
          void tail.renew()
        }),
      ended: (reason) => {
        // Whether to come back is the reader's to say.
        isOfflineByChoice = true
        card.ended()
        void door.checkStillOpen(reason)
      },
      // The browser tells no status: a session that has ended looks like a server that is away.
      refused: check,
    },
    // Without the figures nothing comes that often.
    isAll ? silentAfterMs : undefined,
  )

  // From the head that the first page of history was read at: what is published while the page loads is in the
  // pages or in the stream or in both, and the lists know each event once.
  const head = await load()
  let isOfflineByChoice = false
  card.follow(subscription, () => {
    isOfflineByChoice = subscription.isOpen
    if (isOfflineByChoice) subscription.close()
    else subscription.open()
  })
  subscription.open(head)
  restWhileHidden()

  function check(): void {
    void door.checkStillOpen()
  }

  /** Reads the history of every card; resolves with a place to go on from that misses nothing of any of them. */
  async function load(): Promise<string | undefined> {
    const head = await announcements.load({ topic: 'broadcast', types: ['announcement', 'update'] })
    await Promise.all([
      notifications.load({ topic: `user/${user}`, types: ['notification'] }),
      ...(isAll ? [activities.load(), machine.load()] : []),
    ])
    return head
  }

  function arrived(arrival: Arrival): void {
    composer.arrived(arrival.id)
    switch (arrival.type) {
      case 'notification':
        notifications.add(arrival)
        announcer.say(`Notification: ${textField(arrival.data, 'title') ?? ''}`)
        break
      case 'activity':
        activities.take(arrival)
        break
      case 'metrics':
        machine.take(arrival)
        break
      default:
        announcements.add(arrival)
        announcer.say(
          `Announcement: ${textField(arrival.data, 'title') ?? field(arrival.data, 'text') ?? ''}`,
        )
    }
  }

  /**
   * Browsers allow six connections to one origin on HTTP/1.1, over all tabs. A hidden tab therefore gives its own
   * back after a while; when it is looked at again, it resumes and says what came meanwhile.
   */
  function restWhileHidden(): void {
    let timer = 0
    const look = () => {
      clearTimeout(timer)
      if (document.hidden) {
        timer = window.setTimeout(() => {
          subscription.close()
          tail.rest(true)
        }, restAfterMs)
      } else {
        if (!isOfflineByChoice) subscription.open()
        tail.rest(false)
      }
    }
    document.addEventListener('visibilitychange', look)
    look()
  }
}

function curl(id: string, what: string): CurlLine {
  return new CurlLine(find(id, HTMLElement), what)
}
