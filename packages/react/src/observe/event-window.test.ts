import type { TidingsEvent, TidingsStream } from '@tidings/client'
import { expect, test, vi } from 'vitest'
import { EventWindow } from './event-window.ts'
import { WantedTopics } from './wanted-topics.ts'

/** A window on a stream that a test speaks for. */
function prepare(keep: number, past: number) {
  const handlers: ((event: TidingsEvent) => unknown)[] = []
  const stream = {
    add: async () => {},
    remove: () => {},
    on: (_type: string, handler: (event: TidingsEvent) => unknown) => {
      handlers.push(handler)
      return () => {}
    },
  } as unknown as TidingsStream
  const events = vi.fn()
  const source = { stream, api: { events }, wanted: new WantedTopics(stream) }
  const window = new EventWindow(source, { topics: ['orders'], types: undefined, keep, past })
  const send = (count: number) => {
    for (let index = 0; index < count; index++) handlers[0]!(event(index))
  }
  return { window, send, asked: events }
}

function event(index: number): TidingsEvent {
  const id = String(index)
  return { id, type: 'message', data: index, text: id, topic: 'orders', timeMs: index, isReplayed: false }
}

test('the newest are kept, in order', async () => {
  const { window, send } = prepare(3, 0)
  const stop = window.subscribe(() => {})
  send(2_000)
  await vi.waitFor(() => expect(window.getSnapshot().map(({ data }) => data)).toEqual([1_997, 1_998, 1_999]))
  stop()
})

test('a window that keeps none has none, and asks for no past', async () => {
  const { window, send, asked } = prepare(0, 10)
  const changed = vi.fn()
  const stop = window.subscribe(changed)
  send(2_500)
  await vi.waitFor(() => expect(changed).toHaveBeenCalled())
  expect(window.getSnapshot()).toEqual([])
  expect(asked).not.toHaveBeenCalled()
  stop()
})
