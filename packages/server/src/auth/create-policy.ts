import type { Settings } from '../config/settings.ts'
import { type Credentials, openPolicy, type Policy } from './policy.ts'

/** The settings that say who may what. */
export type AuthSettings = Partial<Settings>

/** What a function of an app's own says about the sender of a request. */
export interface Identity {
  readonly user: string
  readonly subscribe?: readonly string[] | undefined
  readonly publish?: readonly string[] | undefined
  /** In milliseconds since the epoch. */
  readonly expiresAt?: number | undefined
}

/** Says who sent a request; `null` refuses it. */
export type AuthFunction = (request: Credentials) => Identity | null | Promise<Identity | null>

/** TODO(D1) */
export async function createPolicy(_auth: AuthSettings | AuthFunction, _settings: Settings): Promise<Policy> {
  return openPolicy
}
