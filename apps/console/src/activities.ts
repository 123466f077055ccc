import type { Arrival } from './arrival.ts'
import { moment } from './clock.ts'
import { type CurlLine, streamCommand } from './curl-line.ts'
import { element, find } from './element.ts'
import { EventList } from './event-list.ts'
import { lateMark } from './notifications.ts'
import { asText, textField } from './payload.ts'

/** Offered before any was seen, so that the filter shows what it is for. */
const usualTypes = ['deploy', 'commit', 'review', 'alert']
/** Types that the filter offers; beyond these a reader would not look for one. */
const offeredTypes = 50

/** The activity feed: what happened, of all types or of one. */
export class Activities {
  readonly #filter = find('activity-filter', HTMLSelectElement)
  readonly #suggestions = find('activity-types', HTMLDataListElement)
  readonly #offered = new Set<string>()
  readonly #curl: CurlLine
  readonly #list = new EventList({
    name: 'activity',
    emptyText: 'Nothing has happened yet. Send an activity, and it appears here.',
    render: renderActivity,
  })

  constructor(curl: CurlLine) {
    this.#curl = curl
    this.#filter.append(element('option', { text: 'all types', attributes: { value: '' } }))
    for (const type of usualTypes) this.#offer(type)
    this.#filter.addEventListener('change', () => void this.load())
  }

  /** Adds what came live, if the filter lets it through. */
  take(arrival: Arrival): void {
    const type = textField(arrival.data, 'type')
    if (type !== undefined) this.#offer(type)
    if (this.#filter.value === '' || type === this.#filter.value) this.#list.add(arrival)
  }

  /** Reads the newest activities of the type that the filter names: the same that a stream would begin with. */
  async load(): Promise<void> {
    const type = this.#filter.value
    this.#curl.show(
      streamCommand(
        type === '' ? '/api/activity-feed' : `/api/activity-feed?${new URLSearchParams({ type })}`,
      ),
    )
    await this.#list.load({ topic: type === '' ? 'activity/*' : `activity/${type}`, types: ['activity'] })
  }

  #offer(type: string): void {
    if (this.#offered.has(type) || this.#offered.size >= offeredTypes) return
    this.#offered.add(type)
    // The value is given apart from the text: a browser strips spaces from the text.
    this.#filter.append(element('option', { text: type, attributes: { value: type } }))
    this.#suggestions.append(element('option', { attributes: { value: type } }))
  }
}

function renderActivity({ data, atMs, isReplayed }: Arrival): HTMLElement {
  const type = textField(data, 'type') ?? 'activity'
  return element(
    'li',
    { className: 'item', dataset: { tone: 'activity' } },
    element('span', { className: 'tag', text: type, attributes: { dir: 'auto' } }),
    element(
      'div',
      { className: 'item-body' },
      element('p', { text: textField(data, 'message') ?? asText(data), attributes: { dir: 'auto' } }),
    ),
    element('div', { className: 'item-side' }, moment(atMs), lateMark(isReplayed)),
  )
}
