import type { Arrival } from './arrival.ts'
import { moment } from './clock.ts'
import { element } from './element.ts'
import { link } from './link.ts'
import { lateMark } from './notifications.ts'
import { asText, textField } from './payload.ts'

/** An announcement, or an `update`, whose body can be any JSON. */
export function renderAnnouncement({ type, data, atMs, isReplayed }: Arrival): HTMLElement {
  const isUpdate = type === 'update'
  const title = isUpdate ? undefined : textField(data, 'title')
  const message = isUpdate ? undefined : textField(data, 'message')
  const href = isUpdate ? undefined : textField(data, 'link')
  const isRaw = title === undefined && message === undefined
  return element(
    'li',
    { className: 'item', dataset: { tone: isUpdate ? 'update' : 'announcement' } },
    element('span', { className: 'icon', attributes: { role: 'img', 'aria-label': type } }),
    element(
      'div',
      { className: 'item-body' },
      title === undefined ? undefined : element('h3', { text: title, attributes: { dir: 'auto' } }),
      message === undefined ? undefined : element('p', { text: message, attributes: { dir: 'auto' } }),
      isRaw ? element('code', { text: asText(data), attributes: { dir: 'auto' } }) : undefined,
      href === undefined ? undefined : link(href),
    ),
    element('div', { className: 'item-side' }, moment(atMs), lateMark(isReplayed)),
  )
}
