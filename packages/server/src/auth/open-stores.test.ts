import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireProgram } from '../../../../tests/support/programs.ts'
import { RedisServer } from '../../../../tests/support/redis-server.ts'
import { until } from '../../../../tests/support/until.ts'
import type { StoreNotice } from '../log/event-log.ts'
import { openStores, type Stores } from './open-stores.ts'

describe.skipIf(requireProgram('redis-server') === undefined)(
  'a Redis that fails in the midst of a start',
  () => {
    let redis: RedisServer
    const notices: string[] = []

    beforeEach(async () => {
      redis = await RedisServer.start()
      notices.length = 0
    })

    afterEach(() => redis[Symbol.asyncDispose]())

    function open(url = redis.url): Promise<Stores> {
      const onNotice = ({ message }: StoreNotice) => void notices.push(message)
      return openStores({ data: '/nowhere', store: url }, { tokenMaxLifetimeMs: 1_000_000, onNotice })
    }

    it('and is gone after it let somebody in is waited for, and all goes on when it is back', async () => {
      // Whoever connects is welcome, and what may write is not answered.
      await redis.command('CLIENT', 'PAUSE', 60_000, 'WRITE')
      const opening = open()
      await until('it to be asked what is stored', async () =>
        String(await redis.command('CLIENT', 'LIST')).includes('cmd=evalsha'),
      )
      await redis.kill()
      await until('that to be told', () => notices.some((notice) => notice.includes('cannot be reached')))
      await redis.start()
      const { credentials } = await opening
      await credentials.revokeUser('alice')
      expect(credentials.isRevoked({ user: 'alice', issuedAt: 1 })).toBe(true)
      await credentials.close()
    })

    it('and tells nobody what is stored is asked again, with pauses, and is complained of once', async () => {
      await redis.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-mget', '-get')
      const { port } = new URL(redis.url)
      const begun = performance.now()
      const opening = open(`redis://app:secret@127.0.0.1:${port}`)
      // Each connection asks first of all whether it is a master's.
      const connections = async () =>
        Number(/^calls=(\d+)/.exec((await redis.info('cmdstat_role')) ?? '')?.[1])
      await until('it to be asked again', async () => (await connections()) >= 3)
      expect(performance.now() - begun).toBeGreaterThan(900)
      expect(notices).toEqual([
        expect.stringMatching(
          /does not tell who may what: .*(?:can't run|has no permissions).*; trying again$/,
        ),
      ])
      await redis.command('ACL', 'SETUSER', 'app', '+@all')
      const { credentials } = await opening
      await credentials.close()
    })
  },
)
