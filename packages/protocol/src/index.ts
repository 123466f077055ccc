export type {
  Connected,
  ControlType,
  Expiring,
  Gap,
  GapReason,
  Goodbye,
  GoodbyeReason,
  Live,
} from './control.ts'
export { controlTypes, isControlType } from './control.ts'
export type { Cursor } from './cursor.ts'
export { epochLength, formatCursor, originTag, parseCursor, randomBase36, tagLength } from './cursor.ts'
export type { Durability } from './durability.ts'
export type { Block } from './encode.ts'
export { encodeBlock, encodeComment } from './encode.ts'
export type { EventInput, NewEvent, PayloadFormat } from './event.ts'
export { checkEvent, checkType, defaultType } from './event.ts'
export { limits } from './limits.ts'
export type { ProblemCode } from './problem.ts'
export { problems, TidingsError } from './problem.ts'
export { quote } from './quote.ts'
export type { NodeStats, Stats, StoreHealth } from './stats.ts'
export { checkPattern, checkTopic, isServerTopic, isWildcard, matchesSegments } from './topic.ts'
export { TopicSet } from './topic-set.ts'
export { broadcastTopic, userTopic } from './user-topic.ts'
