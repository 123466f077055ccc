export { BadServer, type BadServerOptions } from './bad-server.ts'
export { compressed, gzipThatNeverFlushes, gzipWithoutItsEnd } from './compressed.ts'
export {
  type Farewell,
  farewells,
  goodbye,
  malformedControl,
  malformedControlData,
} from './control-events.ts'
export { type Behaviour, type Body, Exchange } from './exchange.ts'
export {
  commentWithoutEnd,
  dataWithoutEnd,
  lineWithoutEnd,
  manyComments,
  manyEvents,
  manyIds,
} from './floods.ts'
export { type HardStream, hardStreams, type StandardMessage } from './hard-streams.ts'
export { goodMediaTypes, mediaType, wrongMediaTypes } from './media-types.ts'
export { numbered, numberedEvents, placeOf } from './numbered.ts'
export { byteByByte, cutAt, cutBetweenCrAndLf, cutInsideCharacters, piecesOf } from './pieces.ts'
export { type ReceivedRequest, textOf } from './received-request.ts'
export { redirect, redirectLoop, redirectStatuses } from './redirects.ts'
export { type Route, routes } from './routes.ts'
export { silentAfter, silentAfterHead, silentFromTheStart } from './silence.ts'
export {
  forbidden,
  noContent,
  notFound,
  requestTimeout,
  type StatusOptions,
  status,
  storm,
  times,
  tooEarly,
  unauthorizedWithout,
} from './statuses.ts'
export {
  brokenOff,
  cutsOf,
  type Ending,
  emptyStream,
  halfEvent,
  resetAfter,
  resetInHead,
  type StreamOptions,
  stream,
  streamInPieces,
} from './streams.ts'
