export { connect } from './connect.ts'
export type { TidingsEvent } from './event.ts'
export type { ConnectOptions, CursorStore, HeaderRecord, TokenRequest, TokenSource } from './options.ts'
export type { Output, Schema, SchemaIssue, SchemaResult, Schemas } from './schema.ts'
export type { Return, StateName, Status, Trouble, TroubleCode } from './status.ts'
export type {
  FailedHandler,
  Handler,
  HandlerOptions,
  InvalidEvent,
  QueueOptions,
  StreamEvents,
  TidingsStream,
  TypedStream,
  TypeOf,
} from './stream.ts'
