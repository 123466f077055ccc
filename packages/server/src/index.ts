export type { EventInput, ProblemCode } from '@tidings/protocol'
export { TidingsError } from '@tidings/protocol'
export { type Access, type Credential, openAccess, type Reading } from './auth/access.ts'
export { type AccessOptions, createAccess } from './auth/create-access.ts'
export type { AuthFunction, AuthSettings, Identity } from './auth/create-policy.ts'
export { type Credentials, openPolicy, type Policy } from './auth/policy.ts'
export { ConfigError } from './config/config-error.ts'
export type { Settings } from './config/settings.ts'
export type { HistoryEvent, HistoryPage, HistoryQuery } from './history.ts'
export { StoreRefused } from './log/store-refused.ts'
export { type RunningServer, startServer } from './server.ts'
export type { SubscriptionRequest } from './stream/accept.ts'
export type { Amended, Amendment } from './stream/amend.ts'
export {
  createTidings,
  type Published,
  type PublishOptions,
  type Stats,
  type StreamOptions,
  type Tidings,
  type TidingsOptions,
} from './tidings.ts'
