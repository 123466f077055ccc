import { connect } from '@tidings/client'
import { BadServer, status, stream } from '@tidings/conformance/bad-server'
import { test } from 'vitest'
import { keepLoaded } from '../../packages/react/src/observe/keep-loaded.ts'
import { WantedTopics } from '../../packages/react/src/observe/wanted-topics.ts'
import { until } from '../support/until.ts'

const connected =
  'event: connected\ndata: {"clientId":"c","resumed":false,"cursor":"a","heartbeatMs":60000}\n\n'

test('the past is loaded while the stream is refused, and again when it is connected', async () => {
  await using server = await BadServer.start()
  await using opened = connect({ url: server.script(status(403), stream(connected)) })
  let loads = 0
  const stop = keepLoaded({
    stream: opened,
    wanted: new WantedTopics(opened),
    topics: ['a'],
    load: () => {
      loads++
    },
  })
  await until('the first', () => opened.status.state === 'refused' && loads === 1)
  opened.reconnect()
  await until('what came before the connection', () => loads === 2)
  await until('the stream to be live', () => opened.status.state === 'live')
  stop()
})
