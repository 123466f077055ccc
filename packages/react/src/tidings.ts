import type { TidingsStream } from '@tidings/client'
import type { Api } from '@tidings/client/api'
import { ConnectionObserver } from './observe/connection-observer.ts'
import { Inbox } from './observe/inbox.ts'
import { SeenMark } from './observe/seen-mark.ts'
import { WantedTopics } from './observe/wanted-topics.ts'

/** What a provider offers to what is below it. */
export interface Tidings {
  /** The stream of this page. It may connect later than you ask for it: on a server it never does. */
  readonly stream: TidingsStream
  /** The server's REST API. In a server's rendering it needs an absolute `url`. */
  readonly api: Api
  /** Whose page it is. */
  readonly user: string | undefined
}

/** The same with what the parts of a page share: one count of topics, one inbox, one look at the connection. */
export class TidingsRoot implements Tidings {
  readonly stream: TidingsStream
  readonly user: string | undefined
  readonly wanted: WantedTopics
  readonly connection: ConnectionObserver
  readonly seen: SeenMark
  readonly inbox: Inbox
  readonly #makeApi: () => Api
  #api: Api | undefined

  /** @param makeApi called when the API is first needed: where there is no page, a relative address is an error. */
  constructor(stream: TidingsStream, makeApi: () => Api, user: string | undefined) {
    this.stream = stream
    this.user = user
    this.#makeApi = makeApi
    this.wanted = new WantedTopics(stream)
    this.connection = new ConnectionObserver(stream)
    this.seen = new SeenMark(user ?? '')
    this.inbox = new Inbox(this, user, this.seen)
  }

  get api(): Api {
    this.#api ??= this.#makeApi()
    return this.#api
  }
}
