import { appending } from './cases/appending.ts'
import { closing } from './cases/closing.ts'
import { idempotency } from './cases/idempotency.ts'
import { reading } from './cases/reading.ts'
import { resemblance } from './cases/resemblance.ts'
import { retention } from './cases/retention.ts'
import { rotation } from './cases/rotation.ts'
import { standing } from './cases/standing.ts'
import { tailing } from './cases/tailing.ts'
import type { LogCase } from './log-case.ts'

/** The contract of `EventLog`, rule by rule. */
export const logCases: readonly LogCase[] = [
  ...appending,
  ...reading,
  ...tailing,
  ...standing,
  ...idempotency,
  ...retention,
  ...rotation,
  ...closing,
  ...resemblance,
]
