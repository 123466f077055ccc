import { betterSse } from './better-sse.ts'
import type { Contender } from './contender.ts'
import { express } from './express.ts'
import { fastify } from './fastify.ts'
import { nchan } from './nchan.ts'
import { tidings } from './tidings.ts'
import { guardedTidings } from './tidings-auth.ts'
import { secureTidings } from './tidings-tls.ts'
import { tidingsWorkers } from './tidings-workers.ts'
import { yardstick } from './yardstick.ts'

/** Every server, in the order of the table. */
export const contenders: readonly Contender[] = [
  tidings,
  guardedTidings,
  ...secureTidings,
  tidingsWorkers,
  nchan,
  betterSse,
  express,
  fastify,
  yardstick,
]
