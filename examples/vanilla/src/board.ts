import type { TidingsEvent } from '@tidings/client'
import { noticeIn } from './notice.ts'

const list = document.querySelector<HTMLOListElement>('#notices')!
const empty = document.querySelector<HTMLElement>('#empty')!
const hourAndMinute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** The notices that are shown, newest first, each id once. */
export const board = {
  /** The id of the oldest notice that is shown. */
  get oldest(): string | undefined {
    return (list.lastElementChild as HTMLElement | null)?.dataset.id
  },

  /** Shows a new notice. */
  add(event: TidingsEvent): void {
    const item = itemOf(event)
    // What was missed says so.
    item?.classList.toggle('late', event.isReplayed)
    if (item) list.prepend(item)
    empty.hidden = list.childElementCount > 0
  },

  /** Shows older notices, newest first, under the others. */
  append(events: readonly TidingsEvent[]): void {
    for (const event of events) {
      const item = itemOf(event)
      if (item) list.append(item)
    }
    empty.hidden = list.childElementCount > 0
  },

  clear(): void {
    list.replaceChildren()
  },
}

function itemOf(event: TidingsEvent): HTMLLIElement | undefined {
  const notice = noticeIn(event)
  if (!notice || list.querySelector(`[data-id="${event.id}"]`)) return undefined
  const item = document.createElement('li')
  item.dataset.id = event.id
  item.style.setProperty('--hue', String(hueOf(notice.author)))
  // textContent, always: what others wrote is text, and never becomes a part of the page.
  item.appendChild(document.createElement('p')).textContent = notice.text
  const footer = item.appendChild(document.createElement('footer'))
  footer.appendChild(document.createElement('strong')).textContent = notice.author
  const time = footer.appendChild(document.createElement('time'))
  time.dateTime = new Date(event.timeMs).toISOString()
  time.textContent = hourAndMinute.format(event.timeMs)
  return item
}

/** A colour for a name, always the same. */
function hueOf(name: string): number {
  return [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 360, 7)
}
