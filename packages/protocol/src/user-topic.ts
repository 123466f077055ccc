import { TidingsError } from './problem.ts'
import { checkTopic } from './topic.ts'

/** The topic that everybody listens to. */
export const broadcastTopic = 'broadcast'

/**
 * The topic of one user, `user/<id>`. The id is one segment: neither a pattern nor a path, which would reach
 * into other users' topics.
 * @throws TidingsError `invalid_topic`, field `userId`.
 */
export function userTopic(userId: string): string {
  if (userId.includes('/')) throw refused('it is one segment, without "/"')
  try {
    return checkTopic(`user/${userId}`)
  } catch (cause) {
    throw refused((cause as Error).message, cause)
  }
}

function refused(why: string, cause?: unknown): TidingsError {
  return new TidingsError('invalid_topic', `This is no user's id: ${why}`, { field: 'userId', cause })
}
