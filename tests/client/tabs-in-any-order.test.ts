import { connect, type TidingsStream } from '@tidings/client'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ServerProcess } from '../support/server-process.ts'
import { until } from '../support/until.ts'
import { publish } from './posting.ts'

// Whatever tabs do, and whenever they do it: nobody waits for anything here but for the server's answers.

const topics = ['a', 'b', 'c'] as const
const topic = fc.constantFrom(...topics)
const tab = fc.nat(4)

/** What may happen. Tabs are counted among those that are open. */
const happening = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('open' as const), topic }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('close' as const), tab }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('pause' as const), tab }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('resume' as const), tab }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('add' as const), tab, topic }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('remove' as const), tab, topic }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant('publish' as const), topic }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('rob' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const) }) },
)
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never

let server: ServerProcess
beforeAll(async () => {
  server = await ServerProcess.start()
})
afterAll(() => server?.[Symbol.asyncDispose]())

test('whatever up to five tabs do, each has every event of what it wants, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 40 }), async (happenings) => {
      await using browser = await FiveTabs.open()
      for (const each of happenings) await browser.let(each)
      await browser.check()
    }),
    { numRuns: 25, endOnFailure: true },
  )
}, 600_000)

let counter = 0

/** A tab, and what it must have in the end. */
class Tab {
  readonly stream: TidingsStream
  readonly got: number[] = []
  /** By topic: from which event on everything must arrive. */
  readonly since = new Map<string, number>()

  constructor(stream: TidingsStream) {
    this.stream = stream
    stream.on('*', ({ data, topic }) => {
      if (topic?.endsWith('/start')) return
      this.got.push(data as number)
      // Some take their time.
      return (data as number) % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined
    })
  }

  lacks(published: readonly string[]): number[] {
    const got = new Set(this.got)
    return [...published.keys()].filter(
      (index) => index >= (this.since.get(published[index]!) ?? Infinity) && !got.has(index),
    )
  }
}

/** Streams of one process, which has the locks and channels of a browser. */
class FiveTabs implements AsyncDisposable {
  readonly #name = `five tabs ${counter++} of ${process.pid}`
  readonly #prefix = `p${process.pid}-${counter}`
  readonly #start: string
  /** The topic of each event; its data is its number. */
  readonly #published: string[] = []
  readonly #adding: Promise<unknown>[] = []
  #tabs: Tab[] = []
  readonly #all: Tab[] = []

  static async open(): Promise<FiveTabs> {
    const [start] = await publish(server.url, [{ topic: 'before/start', data: 0 }])
    return new FiveTabs(start!)
  }

  private constructor(start: string) {
    this.#start = start
  }

  async let(happening: Happening): Promise<void> {
    if (happening.what === 'publish') await this.#publish(happening.topic)
    else if (happening.what === 'open') this.#open(happening.topic)
    else if (happening.what === 'restart') await restart()
    else if (happening.what === 'rob') await this.#rob()
    else if (happening.what === 'settle') await this.#settle()
    else {
      const tab = this.#tabs[happening.tab]
      if (tab === undefined) return
      if (happening.what === 'close') {
        this.#tabs = this.#tabs.filter((each) => each !== tab)
        tab.stream.close()
      } else if (happening.what === 'pause') tab.stream.pause()
      else if (happening.what === 'resume') tab.stream.resume()
      else if (happening.what === 'add') this.#add(tab, happening.topic)
      else if (tab.stream.topics.includes(`${this.#prefix}/${happening.topic}`)) {
        tab.stream.remove(`${this.#prefix}/${happening.topic}`)
        if (!tab.stream.topics.includes(`${this.#prefix}/${happening.topic}`))
          tab.since.delete(happening.topic)
      }
    }
  }

  #open(topic: string): void {
    if (this.#tabs.length === 5) return
    const stream = connect({
      url: `${server.url}/events`,
      topics: [`${this.#prefix}/${topic}`],
      shared: this.#name,
      // So that it wants all from the first one on, however late it comes.
      lastEventId: this.#start,
    })
    const tab = new Tab(stream)
    tab.since.set(topic, 0)
    this.#tabs.push(tab)
    this.#all.push(tab)
  }

  #add(tab: Tab, topic: string): void {
    const onAdded = (): void => {
      const isWanted = tab.stream.topics.includes(`${this.#prefix}/${topic}`)
      if (isWanted && !tab.since.has(topic)) tab.since.set(topic, this.#published.length)
    }
    const onRefused = (error: unknown): void => {
      // A tab that is closed before it has the topic is told so.
      if (this.#tabs.includes(tab)) throw error
    }
    this.#adding.push(tab.stream.add(`${this.#prefix}/${topic}`).then(onAdded, onRefused))
  }

  async #publish(topic: string): Promise<void> {
    const data = this.#published.length
    this.#published.push(topic)
    await publish(server.url, [{ topic: `${this.#prefix}/${topic}`, data }])
  }

  /** All that want to be connected are. */
  async #settle(): Promise<void> {
    await until(
      () => `all tabs to be live: ${this.#tabs.map(({ stream }) => stream.status.state)}`,
      () => this.#tabs.every(({ stream }) => ['live', 'paused'].includes(stream.status.state)),
      { timeoutMs: 90_000 },
    )
  }

  /** Takes the lead away as from a tab that is taken for frozen. */
  async #rob(): Promise<void> {
    const { held } = await navigator.locks.query()
    const names = held!.map(({ name }) => name!).filter((name) => name.includes(`${this.#name} `))
    const key = names.toSorted((a, b) => a.length - b.length)[0]
    if (key === undefined) return
    await navigator.locks.request(key, { steal: true }, () => {})
  }

  async check(): Promise<void> {
    for (const { stream } of this.#tabs) stream.resume()
    await this.#settle()
    await Promise.all(this.#adding)
    await until(
      () => `what tabs lack: ${JSON.stringify(this.#tabs.map((tab) => tab.lacks(this.#published)))}`,
      () => this.#tabs.every((tab) => tab.lacks(this.#published).length === 0),
      { timeoutMs: 60_000 },
    )
    for (const { got } of this.#all) expect(got).toEqual([...new Set(got)].toSorted((a, b) => a - b))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // None of them is open any more: what they still ask for may be refused.
    this.#tabs = []
    for (const { stream } of this.#all) await stream[Symbol.asyncDispose]()
  }
}

async function restart(): Promise<void> {
  await server.kill('SIGKILL')
  await server.start()
}
