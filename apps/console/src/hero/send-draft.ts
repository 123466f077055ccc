import type { ActivityInput, AnnouncementInput, Api, NotificationInput } from '@tidings/client/api'
import type { EventInput } from '@tidings/protocol'
import type { Draft, Kind } from './drafts.ts'

/** What became of a request. */
export interface Outcome {
  readonly id: string
  readonly durability: string
}

/** Which of the API's words sends a kind. The server judges the fields, and its words are shown. */
const senders: Readonly<Record<Kind, (api: Api, user: string, body: never) => Promise<Outcome>>> = {
  notification: (api, user, body: NotificationInput) => api.notify(user, body),
  announcement: (api, _, body: AnnouncementInput) => api.announce(body),
  update: (api, _, body: unknown) => api.update(body),
  activity: (api, _, body: ActivityInput) => api.activity(body),
  event: async (api, _, body: EventInput) => {
    const { ids, durability } = await api.publish(body)
    return { id: ids[0]!, durability }
  },
}

/** Publishes what the form says. @throws TidingsRequestError with the server's words. */
export function sendDraft(api: Api, user: string, kind: Kind, { body }: Draft): Promise<Outcome> {
  return senders[kind](api, user, body as never)
}
