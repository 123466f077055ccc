import type { Arrival } from './arrival.ts'
import { moment } from './clock.ts'
import { element } from './element.ts'
import { link } from './link.ts'
import { asText, textField } from './payload.ts'

const tones = ['success', 'info', 'warning', 'error']

/** A notification, or whatever a publisher has sent as one. */
export function renderNotification({ data, atMs, isReplayed }: Arrival): HTMLElement {
  const type = textField(data, 'type') ?? 'info'
  const title = textField(data, 'title')
  const message = textField(data, 'message') ?? (title === undefined ? asText(data) : undefined)
  const href = textField(data, 'link')
  return element(
    'li',
    { className: 'item', dataset: { tone: tones.includes(type) ? type : 'info' } },
    element('span', { className: 'icon', attributes: { role: 'img', 'aria-label': type } }),
    element(
      'div',
      { className: 'item-body' },
      title === undefined ? undefined : element('h3', { text: title, attributes: { dir: 'auto' } }),
      message === undefined ? undefined : element('p', { text: message, attributes: { dir: 'auto' } }),
      href === undefined ? undefined : link(href),
    ),
    element('div', { className: 'item-side' }, moment(atMs), lateMark(isReplayed)),
  )
}

/** Marks an item that was published while this page was away. */
export function lateMark(isReplayed: boolean): HTMLElement | undefined {
  return isReplayed ? element('span', { className: 'late', text: 'while away' }) : undefined
}
