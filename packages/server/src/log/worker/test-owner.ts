import { Channel, type ChannelEnd } from '../../channel/channel.ts'
import { createSqliteLog, type SqliteLogOptions } from '../sqlite/sqlite-log.ts'
import { LogOwner } from './log-owner.ts'

/** A process that owns a log and serves it to the one that started it, for tests. */

const [path, options] = process.argv.slice(2) as [string, string]
const log = await createSqliteLog({ path, ...(JSON.parse(options) as Partial<SqliteLogOptions>) })
const channel = new Channel(process as ChannelEnd)
const owner = await LogOwner.open(log)
owner.serve(channel, () => process.exit(1))
channel.tell('ready', undefined)
await channel.ended
owner.close()
await log.close()
