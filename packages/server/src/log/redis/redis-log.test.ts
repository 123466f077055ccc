import { randomUUID } from 'node:crypto'
import { logContract } from '@tidings/conformance'
import { afterAll, beforeAll, describe } from 'vitest'
import { requireProgram } from '../../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../../tests/support/redis-server.ts'
import { readRedisAddress } from '../../config/store-address.ts'
import { createRedisLog } from './redis-log.ts'

const program = requireProgram('redis-server')

describe.skipIf(program === undefined)('on a Redis of its own', () => {
  let server: RedisServer

  beforeAll(async () => {
    server = await RedisServer.start()
  })

  afterAll(() => server[Symbol.asyncDispose]())

  logContract('redis', async (options) => {
    const address = readRedisAddress(`${server.url}?name=${randomUUID()}`)!
    const open = () => createRedisLog({ address, ...options })
    const log = await open()
    let latest = log
    return {
      log,
      async reopen() {
        await log.close()
        latest = await open()
        return latest
      },
      clean: () => latest.close(),
    }
  })
})
