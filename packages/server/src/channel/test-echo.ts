import { TidingsError } from '@tidings/protocol'
import { Channel, type ChannelEnd } from './channel.ts'

/** A process that answers whatever it is asked with the same, for tests. */

const channel = new Channel(process as ChannelEnd)
channel.answer('echo', (body: unknown) => body)
channel.answer('later', async (body: unknown) => {
  await new Promise((resolve) => setImmediate(resolve))
  return body
})
channel.answer('refuse', () => {
  throw new TidingsError('invalid_topic', 'There is no such topic.', { field: 'topic' })
})
channel.answer('fail', () => {
  throw new RangeError('too much')
})
channel.answer('hang', () => new Promise(() => {}))
channel.hear('tell', (body: unknown) => channel.tell('told', body))
