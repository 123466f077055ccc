import type { Status, TidingsEvent, TidingsStream } from '@tidings/client'
import { expect, test, vi } from 'vitest'
import { LazyStream } from './lazy-stream.ts'

/** A stream that writes down what it is told: what a real one makes of it is the client's matter. */
class Notebook implements Partial<TidingsStream> {
  readonly notes: string[]
  status = { state: 'connecting' } as Status
  tell: () => void = () => {}

  constructor(notes: string[], topics: readonly string[]) {
    this.notes = notes
    notes.push(`connect ${topics}`)
  }

  on(type: string): () => void {
    this.notes.push(`on ${type}`)
    return () => this.notes.push(`off ${type}`)
  }

  onStatus(listener: (status: Status) => void): () => void {
    this.tell = () => listener(this.status)
    return () => {}
  }

  async add(...topics: string[]): Promise<void> {
    this.notes.push(`add ${topics}`)
  }

  remove(...topics: string[]): void {
    this.notes.push(`remove ${topics}`)
  }

  pause(): void {
    this.notes.push('pause')
  }

  resume(): void {
    this.notes.push('resume')
  }

  events(): AsyncIterableIterator<TidingsEvent> {
    this.notes.push('events')
    return (async function* () {})()
  }

  close(): void {
    this.notes.push('close')
  }
}

function prepare() {
  const notes: string[] = []
  const made: Notebook[] = []
  const stream = new LazyStream((topics) => {
    const notebook = new Notebook(notes, topics)
    made.push(notebook)
    return notebook as unknown as TidingsStream
  })
  return { stream, notes, made }
}

test('connects when it is held, with all topics and handlers that there are by then', () => {
  const { stream, notes } = prepare()
  void stream.add('a', 'b')
  stream.remove('b')
  stream.on('x', () => {})
  expect(notes).toEqual([])
  expect(stream.status.state).toBe('idle')
  stream.hold()
  expect(notes).toEqual(['connect a', 'on x'])
  expect(stream.status.state).toBe('connecting')
})

test('whoever lets go and holds again at once keeps the connection', async () => {
  const { stream, notes } = prepare()
  const release = stream.hold()
  release()
  release()
  stream.hold()
  await Promise.resolve()
  expect(notes).toEqual(['connect '])
})

test('closes when nobody holds it, and begins anew with what is still wanted', async () => {
  const { stream, notes } = prepare()
  stream.on('x', () => {})
  const release = stream.hold()
  void stream.add('a')
  release()
  await Promise.resolve()
  expect(notes).toEqual(['connect ', 'on x', 'add a', 'off x', 'close'])
  expect(stream.status.state).toBe('idle')
  notes.length = 0
  stream.hold()
  expect(notes).toEqual(['connect a', 'on x'])
})

test('topics that were added before are there when the connection stands', async () => {
  const { stream, made } = prepare()
  let isThere = false
  void stream.add('a').then(() => {
    isThere = true
  })
  stream.hold()
  await Promise.resolve()
  expect(isThere).toBe(false)
  made[0]!.status = { state: 'live' } as Status
  made[0]!.tell()
  await Promise.resolve()
  expect(isThere).toBe(true)
})

test('whether it is paused is remembered until there is a connection, and for the next one', async () => {
  const { stream, notes } = prepare()
  stream.pause()
  const release = stream.hold()
  expect(notes).toEqual(['connect ', 'pause'])
  stream.resume()
  release()
  await Promise.resolve()
  stream.hold()
  expect(notes.slice(2)).toEqual(['resume', 'close', 'connect ', 'resume'])
})

test('the queue of a loop begins with the call, as that of every stream', () => {
  const { stream, notes } = prepare()
  stream.hold()
  stream.events()
  expect(notes).toEqual(['connect ', 'events'])
})

test('a listener that throws keeps nobody else from hearing, and is reported', () => {
  const { stream } = prepare()
  const reported: (() => void)[] = []
  const enqueue = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => reported.push(task))
  const heard: string[] = []
  stream.onStatus(() => {
    throw new Error('broken')
  })
  stream.onStatus(({ state }) => heard.push(state))
  stream.hold()
  enqueue.mockRestore()
  expect(heard).toEqual(['connecting'])
  expect(reported).toHaveLength(1)
  expect(reported[0]).toThrow('broken')
})
