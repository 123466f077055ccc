import type { Policy } from '../auth/policy.ts'
import type { Logger } from '../observe/logger.ts'
import type { RequestMetrics } from '../observe/request-metrics.ts'
import type { Tidings } from '../tidings.ts'
import type { CorsHeaders } from './cors.ts'
import type { HostList } from './host-list.ts'
import type { RateLimits } from './rate-limits.ts'

/** What every resource works with. */
export interface Parts {
  readonly tidings: Tidings
  readonly policy: Policy
  readonly logger: Logger
  readonly metrics: RequestMetrics
  readonly cors: CorsHeaders
  readonly hosts: HostList
  readonly rates: RateLimits
  /** Names the workers of one server, if this is one of them. */
  readonly crew?: string | undefined
  /** Whether the last publish found the store full or read-only. */
  readonly store: { isFull: boolean }
}
